/*
 * The part of `core` a grader draws its numbers from and writes its results with: keyed hashes
 * (HMAC-SHA256, by nettle), JSON (by cJSON), folders and descriptors.
 */
#include "api.h"
#include "core_table.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEP 32          /* tables in tables */

/* HMAC-SHA256 (RFC 2104), 32 bytes, of the text at index 1; its context is ready for the next. */
static int keyed(lua_State *L)
{
	struct hmac_sha256_ctx *hmac = lua_touserdata(L, lua_upvalueindex(1));
	uint8_t digest[SHA256_DIGEST_SIZE];
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);

	hmac_sha256_update(hmac, size, (const uint8_t *)text);
	hmac_sha256_digest(hmac, sizeof digest, digest);
	lua_pushlstring(L, (const char *)digest, sizeof digest);
	return 1;
}

/* core.hmac(key): a function of a text. The key is worked in once, which is half of the work. */
static int l_hmac(lua_State *L)
{
	size_t size;
	const char *key = luaL_checklstring(L, 1, &size);
	struct hmac_sha256_ctx *hmac = lua_newuserdatauv(L, sizeof *hmac, 0);

	hmac_sha256_set_key(hmac, size, (const uint8_t *)key);
	lua_pushcclosure(L, keyed, 1);
	return 1;
}

/* JSON out. */

static cJSON *json_of(lua_State *L, int i, int depth);

/* cJSON writes numbers as doubles: an integer that is none goes as it stands. */
static cJSON *json_number(lua_State *L, int i)
{
	lua_pushvalue(L, i);
	cJSON *number = cJSON_CreateRaw(lua_tostring(L, -1));

	lua_pop(L, 1);
	return number;
}

static cJSON *json_list(lua_State *L, int i, int depth)
{
	cJSON *list = cJSON_CreateArray();

	for (lua_Integer k = 1; k <= (lua_Integer)lua_rawlen(L, i); k++) {
		lua_rawgeti(L, i, k);
		cJSON_AddItemToArray(list, json_of(L, lua_gettop(L), depth + 1));
		lua_pop(L, 1);
	}
	return list;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys in order, so that the same table is the same bytes. Others than strings are left out. */
static cJSON *json_object(lua_State *L, int i, int depth)
{
	cJSON *object = cJSON_CreateObject();
	size_t count = 0;
	const char **keys;

	for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
		count++;
	keys = lua_newuserdatauv(L, (count + 1) * sizeof *keys, 0);
	count = 0;
	for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
		if (lua_type(L, -2) == LUA_TSTRING)
			keys[count++] = lua_tostring(L, -2);
	qsort(keys, count, sizeof *keys, by_text);
	for (size_t k = 0; k < count; k++) {
		lua_getfield(L, i, keys[k]);
		cJSON_AddItemToObject(object, keys[k], json_of(L, lua_gettop(L), depth + 1));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return object;
}

static cJSON *json_of(lua_State *L, int i, int depth)
{
	if (depth > DEEP || !lua_checkstack(L, 8))
		return cJSON_CreateNull();
	switch (lua_type(L, i)) {
	case LUA_TBOOLEAN:
		return cJSON_CreateBool(lua_toboolean(L, i));
	case LUA_TNUMBER:
		return json_number(L, i);
	case LUA_TSTRING:
		return cJSON_CreateString(lua_tostring(L, i));
	case LUA_TTABLE:
		if (lua_rawlen(L, i) == 0 && (lua_pushnil(L), lua_next(L, i))) {
			lua_pop(L, 2);
			return json_object(L, i, depth);
		}
		return json_list(L, i, depth);
	default:
		return cJSON_CreateNull();
	}
}

/* core.json(value [, in_one_line]): text; an empty table is an empty list. */
static int l_json(lua_State *L)
{
	cJSON *json;
	char *text;

	luaL_checkany(L, 1);
	json = json_of(L, 1, 0);
	text = lua_toboolean(L, 2) ? cJSON_PrintUnformatted(json) : cJSON_Print(json);
	cJSON_Delete(json);
	if (!text)
		return luaL_error(L, "not enough memory");
	lua_pushstring(L, text);
	cJSON_free(text);
	return 1;
}

/* JSON in. */

/* An integer where it is one. */
static void push_json_number(lua_State *L, double value)
{
	lua_Integer n;

	if (lua_numbertointeger(value, &n) && (double)n == value)
		lua_pushinteger(L, n);
	else
		lua_pushnumber(L, value);
}

static void push_json(lua_State *L, const cJSON *json)
{
	lua_Integer n = 0;

	luaL_checkstack(L, 8, "JSON");
	if (cJSON_IsArray(json) || cJSON_IsObject(json)) {
		lua_newtable(L);
		for (const cJSON *item = json->child; item; item = item->next) {
			push_json(L, item);
			if (cJSON_IsObject(json))
				lua_setfield(L, -2, item->string);
			else
				lua_rawseti(L, -2, ++n);
		}
	} else if (cJSON_IsNumber(json)) {
		push_json_number(L, json->valuedouble);
	} else if (cJSON_IsString(json)) {
		lua_pushstring(L, json->valuestring);
	} else if (cJSON_IsBool(json)) {
		lua_pushboolean(L, cJSON_IsTrue(json));
	} else {
		lua_pushnil(L);
	}
}

/* core.from_json(text): the value, or nil where it is no JSON. */
static int l_from_json(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	cJSON *json = cJSON_ParseWithLength(text, n);

	if (!json)
		return 0;
	push_json(L, json);
	cJSON_Delete(json);
	return 1;
}

/* Files. */

/* core.make_folder(path): true, or false and why not; it may be there already. */
static int l_make_folder(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	bool fine = mkdir(path, 0777) == 0 || errno == EEXIST;

	lua_pushboolean(L, fine);
	lua_pushstring(L, fine ? "" : strerror(errno));
	return 2;
}

/* core.kind_of_file(path): "file", "folder", "other", or nil where there is nothing. */
static int l_kind_of_file(lua_State *L)
{
	struct stat st;

	if (stat(luaL_checkstring(L, 1), &st))
		return 0;
	lua_pushstring(L, S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "folder" : "other");
	return 1;
}

/* core.descriptor(path): of a new file to write, for a child; or nil and why not. */
static int l_descriptor(lua_State *L)
{
	int fd = open(luaL_checkstring(L, 1), O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0) {
		lua_pushnil(L);
		lua_pushstring(L, strerror(errno));
		return 2;
	}
	lua_pushinteger(L, fd);
	return 1;
}

/* core.full_path(path): from the root, without links; nil where there is nothing. */
static int l_full_path(lua_State *L)
{
	char *path = realpath(luaL_checkstring(L, 1), NULL);

	lua_pushstring(L, path);
	free(path);
	return 1;
}

/* Of what is no plain file: why it is not read. A link would let its owner read what we may. */
static const char *no_file(int fd, struct stat *st)
{
	if (fd < 0)
		return errno == ELOOP ? "it is a link to another file" : strerror(errno);
	return fstat(fd, st) || !S_ISREG(st->st_mode) ? "it is no file" : NULL;
}

/* core.plain_file(path, most): the first `most` bytes of a plain file, or nil and why not. */
static int l_plain_file(lua_State *L)
{
	int fd = open(luaL_checkstring(L, 1), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	size_t most = (size_t)luaL_checkinteger(L, 2), used = 0;
	struct stat st;
	const char *why = no_file(fd, &st);
	luaL_Buffer text;
	ssize_t n = 1;
	char *bytes = luaL_buffinitsize(L, &text, most);

	while (!why && n && used < most) {
		n = read(fd, bytes + used, most - used);
		if (n > 0)
			used += (size_t)n;
		else if (n < 0 && errno != EINTR)
			why = strerror(errno);
	}
	if (fd >= 0)
		close(fd);
	luaL_pushresultsize(&text, used);
	if (!why)
		return 1;
	lua_pushnil(L);
	lua_pushstring(L, why);
	return 2;
}

static int l_close(lua_State *L)
{
	close((int)luaL_checkinteger(L, 1));
	return 0;
}

static const luaL_Reg functions[] = {
	{ "hmac", l_hmac }, { "json", l_json }, { "from_json", l_from_json },
	{ "make_folder", l_make_folder }, { "kind_of_file", l_kind_of_file },
	{ "descriptor", l_descriptor }, { "close", l_close }, { "full_path", l_full_path },
	{ "plain_file", l_plain_file }, { NULL, NULL },
};

void core_result_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
