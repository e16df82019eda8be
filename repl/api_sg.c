/*
 * Scatterlists. In Lua `sg` is what it is in C, a pointer to an entry: sg[1] and sg_next(sg) are
 * pointers to the one behind it, sg.length is a field of the entry itself. The array they point
 * into is a userdata of its own, kept alive by every pointer. It is the script's memory, no part of
 * the machine; at the prompt undo puts it back all the same (object_keep).
 */
#include "api_sg.h"

#include "kernel/context.h"
#include "kernel/mapping.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SG_TYPE  "dmalab.sg"
#define SGT_TYPE "dmalab.sg_table"
#define LIST_TYPE "dmalab.sg_list"
#define SHOWN    16              /* entries of a list that are printed */

struct sg_list {
	uint32_t count;
	struct scatterlist entry[];
};

struct sg_pointer {
	struct sg_list *list;
	uint32_t at;
};

static struct scatterlist *entry(const struct sg_pointer *p)
{
	return &p->list->entry[p->at];
}

static uint32_t left(const struct sg_pointer *p)
{
	return p->list->count - p->at;
}

/* A pointer to entry `at` of the list that is at index `list` of the stack. */
static void push_pointer_to(lua_State *L, int list, uint32_t at)
{
	struct sg_pointer *p;

	list = lua_absindex(L, list);
	p = lua_newuserdatauv(L, sizeof *p, 1);
	*p = (struct sg_pointer){ lua_touserdata(L, list), at };
	lua_pushvalue(L, list);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, SG_TYPE);
}

/* The pointer at index i, moved to another entry of its list. */
static void push_moved(lua_State *L, int i, uint32_t at)
{
	lua_getiuservalue(L, i, 1);
	push_pointer_to(L, -1, at);
	lua_remove(L, -2);
}

/* Memory for n entries, as declaring an array leaves it: not initialised, and so not ended. */
static struct sg_list *push_list(lua_State *L, uint32_t n)
{
	struct sg_list *list = lua_newuserdatauv(L, sizeof *list + n * sizeof list->entry[0], 0);

	list->count = n;
	sg_init_table(list->entry, n);
	list->entry[n - 1].last = false;
	luaL_setmetatable(L, LIST_TYPE);
	object_keep(L);
	return list;
}

struct sg_table *push_sg_table(lua_State *L, uint32_t n)
{
	struct sg_table *sgt = lua_newuserdatauv(L, sizeof *sgt, 1);
	struct sg_list *list = push_list(L, n);

	sg_init_table(list->entry, n);
	*sgt = (struct sg_table){ list->entry, n, n };
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, SGT_TYPE);
	object_keep(L);
	return sgt;
}

static const struct sg_pointer *arg_sg(lua_State *L, int i)
{
	const struct sg_pointer *p = luaL_testudata(L, i, SG_TYPE);

	if (!p)
		arg_wrong_type(L, i, "scatterlist, as scatterlist(n) makes one,");
	return p;
}

/* A list (argument i) of which the first n (argument i + 1) entries are meant. */
static struct scatterlist *arg_entries(lua_State *L, int i, uint32_t *n)
{
	const struct sg_pointer *p = arg_sg(L, i);
	uint32_t there = 1;
	char why[96];

	for (struct scatterlist *s = entry(p); there < left(p) && (s = sg_next(s)); )
		there++;
	*n = (uint32_t)arg_count(L, i + 1, UINT32_MAX);
	if (*n <= there)
		return entry(p);
	snprintf(why, sizeof why, "the list ends after %" PRIu32 " of them", there);
	arg_wrong(L, i + 1, why);
}

struct sg_table *arg_sg_table(lua_State *L, int i)
{
	struct sg_table *sgt = luaL_testudata(L, i, SGT_TYPE);

	if (!sgt)
		arg_wrong_type(L, i, "sg_table, as sg_alloc_table(n) makes one,");
	if (!sgt->sgl)
		arg_wrong(L, i, "sg_free_table has taken its list");
	return sgt;
}

/* Making lists. */

static int l_scatterlist(lua_State *L, struct bench *b)
{
	uint32_t n = (uint32_t)arg_count(L, 1, SG_ENTRIES_MAX);

	(void)b;
	if (!n)
		arg_wrong(L, 1, "at least one entry expected");
	push_list(L, n);
	push_pointer_to(L, -1, 0);
	return 1;
}

static int l_init_table(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);

	(void)b;
	sg_init_table(entry(p), (uint32_t)arg_count(L, 2, left(p)));
	return 0;
}

static int l_init_one(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);
	vaddr_t va = arg_pointer(L, 2);

	(void)b;
	sg_init_one(entry(p), va, (uint32_t)arg_count(L, 3, UINT32_MAX));
	return 0;
}

static int l_set_buf(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);
	vaddr_t va = arg_pointer(L, 2);

	(void)b;
	sg_set_buf(entry(p), va, (uint32_t)arg_count(L, 3, UINT32_MAX));
	return 0;
}

static int l_set_page(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);
	uint64_t page = arg_pointer(L, 2);
	uint32_t length = (uint32_t)arg_count(L, 3, UINT32_MAX);
	uint32_t offset = (uint32_t)arg_count(L, 4, UINT32_MAX);

	(void)b;
	sg_set_page(entry(p), page ? api_page_address(page) : SG_NO_PAGE, length, offset);
	return 0;
}

#define EINVAL 22
#define ENOMEM 12

static int l_alloc_table(lua_State *L, struct bench *b)
{
	uint64_t n = arg_number(L, 1);
	uint32_t gfp = arg_gfp(L, 2);

	context_might_alloc(&b->machine.kernel, SLEEPER_SG_TABLE, gfp);
	if (n && n <= SG_ENTRIES_MAX) {
		push_sg_table(L, (uint32_t)n);
		return 1;
	}
	lua_pushnil(L);
	lua_pushinteger(L, n ? -ENOMEM : -EINVAL);
	return 2;
}

/* The counts stay, as in Linux; the list is gone. */
static int l_free_table(lua_State *L, struct bench *b)
{
	struct sg_table *sgt = arg_sg_table(L, 1);

	(void)b;
	sgt->sgl = NULL;
	return 0;
}

/* Walking lists. */

static int l_next(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);

	(void)b;
	if (left(p) > 1 && sg_next(entry(p)))
		push_moved(L, 1, p->at + 1);
	else
		lua_pushnil(L);
	return 1;
}

/* Upvalues: the first entry, how many, how many were given out. */
static int step(lua_State *L)
{
	const struct sg_pointer *p = lua_touserdata(L, lua_upvalueindex(1));
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));

	if (i == lua_tointeger(L, lua_upvalueindex(2)))
		return 0;
	push_moved(L, lua_upvalueindex(1), p->at + (uint32_t)i);
	lua_pushinteger(L, i);
	lua_pushinteger(L, i + 1);
	lua_replace(L, lua_upvalueindex(3));
	return 2;
}

/* An iterator over n entries from the pointer on top of the stack on. */
static int push_iterator(lua_State *L, uint32_t n)
{
	lua_pushinteger(L, n);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, step, 3);
	return 1;
}

static int l_for_each(lua_State *L, struct bench *b)
{
	uint32_t n;

	(void)b;
	(void)arg_entries(L, 1, &n);
	lua_pushvalue(L, 1);
	return push_iterator(L, n);
}

static int for_each_of_table(lua_State *L, uint32_t n)
{
	lua_getiuservalue(L, 1, 1);
	push_pointer_to(L, -1, 0);
	return push_iterator(L, n);
}

static int l_for_each_entry(lua_State *L, struct bench *b)
{
	(void)b;
	return for_each_of_table(L, arg_sg_table(L, 1)->orig_nents);
}

static int l_for_each_segment(lua_State *L, struct bench *b)
{
	const struct sg_table *sgt = arg_sg_table(L, 1);

	(void)b;
	return for_each_of_table(L, sgt->nents < sgt->orig_nents ? sgt->nents : sgt->orig_nents);
}

static int l_nents(lua_State *L, struct bench *b)
{
	const struct sg_pointer *p = arg_sg(L, 1);
	uint32_t n = 1;

	(void)b;
	for (struct scatterlist *s = entry(p); n < left(p) && (s = sg_next(s)); )
		n++;
	lua_pushinteger(L, n);
	return 1;
}

/* What an entry says. */

static void push_page(lua_State *L, const struct scatterlist *s)
{
	push_pointer(L, s->page == SG_NO_PAGE ? 0 : api_page_of(s->page));
}

static int l_page(lua_State *L, struct bench *b)
{
	(void)b;
	push_page(L, entry(arg_sg(L, 1)));
	return 1;
}

static int l_phys(lua_State *L, struct bench *b)
{
	const struct scatterlist *s = entry(arg_sg(L, 1));

	(void)b;
	if (s->page == SG_NO_PAGE)
		lua_pushnil(L);
	else
		lua_pushinteger(L, (lua_Integer)sg_phys(s));
	return 1;
}

static int l_virt(lua_State *L, struct bench *b)
{
	(void)b;
	push_pointer(L, sg_virt(entry(arg_sg(L, 1))));
	return 1;
}

static int l_dma_address(lua_State *L, struct bench *b)
{
	(void)b;
	lua_pushinteger(L, (lua_Integer)entry(arg_sg(L, 1))->dma_address);
	return 1;
}

static int l_dma_len(lua_State *L, struct bench *b)
{
	(void)b;
	lua_pushinteger(L, entry(arg_sg(L, 1))->dma_length);
	return 1;
}

/* Mapping lists. */

static int l_map(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1), n;
	struct scatterlist *sgl = arg_entries(L, 2, &n);
	enum direction dir = arg_direction(L, 4);
	uint64_t attrs = arg_number_or(L, 5, 0);

	lua_pushinteger(L, dma_map_sg_attrs(&b->machine.kernel, dev, sgl, n, dir, attrs));
	return 1;
}

static int l_unmap(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1), n;
	struct scatterlist *sgl = arg_entries(L, 2, &n);
	enum direction dir = arg_direction(L, 4);

	dma_unmap_sg_attrs(&b->machine.kernel, dev, sgl, n, dir, arg_number_or(L, 5, 0));
	return 0;
}

static int l_sync_for_cpu(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1), n;
	struct scatterlist *sgl = arg_entries(L, 2, &n);

	dma_sync_sg_for_cpu(&b->machine.kernel, dev, sgl, n, arg_direction(L, 4));
	return 0;
}

static int l_sync_for_device(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1), n;
	struct scatterlist *sgl = arg_entries(L, 2, &n);

	dma_sync_sg_for_device(&b->machine.kernel, dev, sgl, n, arg_direction(L, 4));
	return 0;
}

static int l_map_table(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	struct sg_table *sgt = arg_sg_table(L, 2);
	enum direction dir = arg_direction(L, 3);
	uint64_t attrs = arg_number_or(L, 4, 0);

	lua_pushinteger(L, dma_map_sgtable(&b->machine.kernel, dev, sgt, dir, attrs));
	return 1;
}

static int l_unmap_table(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	struct sg_table *sgt = arg_sg_table(L, 2);
	enum direction dir = arg_direction(L, 3);

	dma_unmap_sgtable(&b->machine.kernel, dev, sgt, dir, arg_number_or(L, 4, 0));
	return 0;
}

static int l_sync_table_for_cpu(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	struct sg_table *sgt = arg_sg_table(L, 2);

	dma_sync_sg_for_cpu(&b->machine.kernel, dev, sgt->sgl, sgt->orig_nents,
			    arg_direction(L, 3));
	return 0;
}

static int l_sync_table_for_device(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	struct sg_table *sgt = arg_sg_table(L, 2);

	dma_sync_sg_for_device(&b->machine.kernel, dev, sgt->sgl, sgt->orig_nents,
			       arg_direction(L, 3));
	return 0;
}

const struct api api_sg[] = {
	{ "scatterlist", l_scatterlist, "n", "sg",
	  "an array of n entries (struct scatterlist sg[n]); sg_init_table makes a list of it" },
	{ "sg_init_table", l_init_table, "sg, n", "",
	  "clear n entries and mark the last as the end of the list" },
	{ "sg_init_one", l_init_one, "sg, va, size", "",
	  "a list of one entry, for one buffer" },
	{ "sg_set_buf", l_set_buf, "sg, va, size", "",
	  "the entry means size bytes at va, an address of the linear map (kmalloc, pages)" },
	{ "sg_set_page", l_set_page, "sg, page, size, offset", "",
	  "the entry means size bytes of a page, from offset on" },
	{ "sg_alloc_table", l_alloc_table, "n [, gfp=GFP_KERNEL]",
	  "sgt, or nil and -EINVAL (-22) or -ENOMEM (-12)",
	  "a table: a list of n entries (sgt.sgl), how many they are (sgt.orig_nents), and how "
	  "many segments they are once mapped (sgt.nents)" },
	{ "sg_free_table", l_free_table, "sgt", "", "give back the list of a table" },
	{ "sg_next", l_next, "sg", "sg or nil", "the next entry; nil after the last" },
	{ "for_each_sg", l_for_each, "sg, n", "iterator",
	  "for s, i in for_each_sg(sg, n) do ... end: n entries, i counting from 0" },
	{ "for_each_sgtable_sg", l_for_each_entry, "sgt", "iterator",
	  "for_each_sg over the entries of a table: what the CPU filled in" },
	{ "for_each_sgtable_dma_sg", l_for_each_segment, "sgt", "iterator",
	  "for_each_sg over the segments of a mapped table: what the device is told" },
	{ "sg_nents", l_nents, "sg", "n", "how many entries there are up to the end mark" },
	{ "sg_page", l_page, "sg", "page or nil", "the struct page of the entry" },
	{ "sg_phys", l_phys, "sg", "pa or nil", "the physical address of the entry" },
	{ "sg_virt", l_virt, "sg", "va or nil", "the CPU's address of the entry" },
	{ "sg_dma_address", l_dma_address, "sg", "dma",
	  "where the segment is for the device, after dma_map_sg" },
	{ "sg_dma_len", l_dma_len, "sg", "bytes", "how long the segment is, after dma_map_sg" },
	{ "dma_map_sg", l_map, "dev, sg, nents, dir", "segments, or 0",
	  "give the buffers of a list to the device; program it with as many segments as this "
	  "answers" },
	{ "dma_unmap_sg", l_unmap, "dev, sg, nents, dir", "",
	  "take the buffers of a list back for good; nents is what was mapped, not what "
	  "dma_map_sg answered" },
	{ "dma_map_sg_attrs", l_map, "dev, sg, nents, dir [, attrs=0]", "segments, or 0",
	  "dma_map_sg with DMA_ATTR_ bits" },
	{ "dma_unmap_sg_attrs", l_unmap, "dev, sg, nents, dir [, attrs=0]", "",
	  "dma_unmap_sg with DMA_ATTR_ bits" },
	{ "dma_sync_sg_for_cpu", l_sync_for_cpu, "dev, sg, nents, dir", "",
	  "take the buffers of a mapped list back for a while; nents is what was mapped" },
	{ "dma_sync_sg_for_device", l_sync_for_device, "dev, sg, nents, dir", "",
	  "give the buffers of a list to the device again" },
	{ "dma_map_sgtable", l_map_table, "dev, sgt, dir [, attrs=0]",
	  "0, or -EINVAL (-22), -ENOMEM (-12), -EIO (-5)",
	  "dma_map_sg of a table: maps sgt.orig_nents entries, puts the number of segments in "
	  "sgt.nents" },
	{ "dma_unmap_sgtable", l_unmap_table, "dev, sgt, dir [, attrs=0]", "",
	  "dma_unmap_sg of a table" },
	{ "dma_sync_sgtable_for_cpu", l_sync_table_for_cpu, "dev, sgt, dir", "",
	  "dma_sync_sg_for_cpu of a table" },
	{ "dma_sync_sgtable_for_device", l_sync_table_for_device, "dev, sgt, dir", "",
	  "dma_sync_sg_for_device of a table" },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* The objects themselves. */

static void no_field(lua_State *L, const char *key, const char *instead)
{
	luaL_error(L, "no field '%s' here; %s", key, instead);
}

static const char *field_name(lua_State *L)
{
	return lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
}

static int push_entry_field(lua_State *L, const struct scatterlist *s, const char *key)
{
	if (!strcmp(key, "page"))
		push_page(L, s);
	else if (!strcmp(key, "offset"))
		lua_pushinteger(L, s->offset);
	else if (!strcmp(key, "length"))
		lua_pushinteger(L, s->length);
	else if (!strcmp(key, "dma_address"))
		lua_pushinteger(L, (lua_Integer)s->dma_address);
	else if (!strcmp(key, "dma_length"))
		lua_pushinteger(L, s->dma_length);
	else
		no_field(L, key, "there are page, offset, length, dma_address, dma_length");
	return 1;
}

static int sg_index(lua_State *L)
{
	const struct sg_pointer *p = luaL_checkudata(L, 1, SG_TYPE);
	lua_Integer i = lua_tointeger(L, 2);

	if (!lua_isinteger(L, 2))
		return push_entry_field(L, entry(p), field_name(L));
	if (i < -(lua_Integer)p->at || i >= left(p))
		luaL_error(L, "no entry %d: the array has %d, counted from 0", (int)i,
			   (int)p->list->count);
	push_moved(L, 1, (uint32_t)(p->at + i));
	return 1;
}

/* The value a field is set to; most have 32 bits. */
static uint64_t field_value(lua_State *L, const char *key, uint64_t most)
{
	uint64_t n = (uint64_t)lua_tointeger(L, 3);

	if (!lua_isinteger(L, 3) || n > most)
		luaL_error(L, "%s wants a number of at most %d bits", key,
			   most == UINT64_MAX ? 64 : 32);
	return n;
}

static int sg_newindex(lua_State *L)
{
	const struct sg_pointer *p = luaL_checkudata(L, 1, SG_TYPE);
	struct scatterlist *s = entry(p);
	const char *key = field_name(L);

	if (!strcmp(key, "dma_address"))
		s->dma_address = field_value(L, key, UINT64_MAX);
	else if (!strcmp(key, "offset"))
		s->offset = (uint32_t)field_value(L, key, UINT32_MAX);
	else if (!strcmp(key, "length"))
		s->length = (uint32_t)field_value(L, key, UINT32_MAX);
	else if (!strcmp(key, "dma_length"))
		s->dma_length = (uint32_t)field_value(L, key, UINT32_MAX);
	else
		no_field(L, key, "to set there are offset, length, dma_address, dma_length; "
			 "sg_set_page sets the page");
	return 0;
}

static int sg_eq(lua_State *L)
{
	const struct sg_pointer *a = luaL_testudata(L, 1, SG_TYPE),
				*b = luaL_testudata(L, 2, SG_TYPE);

	lua_pushboolean(L, a && b && a->list == b->list && a->at == b->at);
	return 1;
}

static int sg_len(lua_State *L)
{
	lua_pushinteger(L, left(luaL_checkudata(L, 1, SG_TYPE)));
	return 1;
}

static void add_entry(luaL_Buffer *text, const struct scatterlist *s)
{
	char line[160];

	if (s->page == SG_NO_PAGE)
		snprintf(line, sizeof line, "empty");
	else if (!s->dma_length)
		snprintf(line, sizeof line, "pa 0x%" PRIx64 ", %" PRIu32 " bytes, not mapped",
			 sg_phys(s), s->length);
	else
		snprintf(line, sizeof line,
			 "pa 0x%" PRIx64 ", %" PRIu32 " bytes; dma 0x%" PRIx64 ", %"
			 PRIu32 " bytes", sg_phys(s), s->length, s->dma_address, s->dma_length);
	luaL_addstring(text, line);
	luaL_addstring(text, s->last ? ", end" : "");
}

/* An entry is one line; a whole array, from its start, a line each. */
static int sg_tostring(lua_State *L)
{
	const struct sg_pointer *p = luaL_checkudata(L, 1, SG_TYPE);
	uint32_t lines = p->at ? 1 : p->list->count < SHOWN ? p->list->count : SHOWN;
	luaL_Buffer text;
	char head[64];

	luaL_buffinit(L, &text);
	snprintf(head, sizeof head, "scatterlist entry %" PRIu32 " of %" PRIu32, p->at,
		 p->list->count);
	luaL_addstring(&text, lines == 1 ? head : "scatterlist");
	for (uint32_t i = p->at; i < p->at + lines; i++) {
		snprintf(head, sizeof head, "\n  [%" PRIu32 "] ", i);
		luaL_addstring(&text, lines == 1 ? ": " : head);
		add_entry(&text, &p->list->entry[i]);
	}
	if (left(p) > lines && lines == SHOWN)
		luaL_addstring(&text, "\n  ...");
	luaL_pushresult(&text);
	return 1;
}

static int sgt_index(lua_State *L)
{
	const struct sg_table *sgt = luaL_checkudata(L, 1, SGT_TYPE);
	const char *key = field_name(L);

	if (!strcmp(key, "nents")) {
		lua_pushinteger(L, sgt->nents);
	} else if (!strcmp(key, "orig_nents")) {
		lua_pushinteger(L, sgt->orig_nents);
	} else if (!strcmp(key, "sgl") && sgt->sgl) {
		lua_getiuservalue(L, 1, 1);
		push_pointer_to(L, -1, 0);
	} else if (!strcmp(key, "sgl")) {
		lua_pushnil(L);
	} else {
		no_field(L, key, "there are sgl, nents, orig_nents");
	}
	return 1;
}

static int sgt_newindex(lua_State *L)
{
	struct sg_table *sgt = luaL_checkudata(L, 1, SGT_TYPE);

	if (strcmp(field_name(L), "nents") != 0)
		no_field(L, field_name(L), "to set there is nents alone");
	sgt->nents = (uint32_t)field_value(L, "nents", UINT32_MAX);
	return 0;
}

static int sgt_tostring(lua_State *L)
{
	const struct sg_table *sgt = luaL_checkudata(L, 1, SGT_TYPE);

	if (sgt->sgl)
		lua_pushfstring(L, "sg_table: orig_nents %d, nents %d", (int)sgt->orig_nents,
				(int)sgt->nents);
	else
		lua_pushliteral(L, "sg_table, its list freed");
	return 1;
}

void sg_types_open(lua_State *L)
{
	static const luaL_Reg sg[] = {
		{ "__index", sg_index }, { "__newindex", sg_newindex }, { "__eq", sg_eq },
		{ "__len", sg_len }, { "__tostring", sg_tostring }, { NULL, NULL },
	};
	static const luaL_Reg sgt[] = {
		{ "__index", sgt_index }, { "__newindex", sgt_newindex },
		{ "__tostring", sgt_tostring }, { NULL, NULL },
	};

	luaL_newmetatable(L, SG_TYPE);
	luaL_setfuncs(L, sg, 0);
	luaL_newmetatable(L, SGT_TYPE);
	luaL_setfuncs(L, sgt, 0);
	luaL_newmetatable(L, LIST_TYPE);
	lua_pop(L, 3);
}
