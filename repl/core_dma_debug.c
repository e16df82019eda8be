/*
 * The part of the table `core` that looks at dma-debug: what it has written down, what it has said,
 * and the files of its that can be written. scripts/dma_debug.lua puts in the words.
 */
#include "core_table.h"

#include "api.h"

#include <string.h>

static struct dma_debug *dma_debug(lua_State *L)
{
	return &session_bench(session_of(L))->checker.dma_debug;
}

/* The name kept in three numbers; room for 24 bytes and the end. */
static void unpack_name(const uint64_t number[3], char name[25])
{
	memset(name, 0, 25);
	for (size_t i = 0; i < 24; i++)
		name[i] = (char)(number[i / 8] >> 8 * (i % 8));
}

static int l_state(lua_State *L)
{
	const struct dma_debug *d = dma_debug(L);
	char filter[25];

	unpack_name(d->filter, filter);
	lua_createtable(L, 0, 8);
	set_boolean(L, "disabled", d->disabled);
	set_integer(L, "error_count", d->error_count);
	set_integer(L, "all_errors", d->all_errors);
	set_integer(L, "num_errors", d->num_errors);
	set_integer(L, "num_free_entries", d->records.free);
	set_integer(L, "min_free_entries", d->records.min_free);
	set_integer(L, "nr_total_entries", d->records.total);
	set_string(L, "driver_filter", filter);
	return 1;
}

static void push_record(lua_State *L, const struct dma_debug *d, const struct record *r)
{
	lua_createtable(L, 0, 11);
	set_integer(L, "device", r->device);
	set_string(L, "type", record_type_words[r->type]);
	set_integer(L, "bucket", record_bucket(r->dma));
	set_integer(L, "pa", r->pa);
	set_integer(L, "dma", r->dma);
	set_integer(L, "size", r->size);
	set_integer(L, "line", dma_debug_cacheline(d, r->pa));
	set_string(L, "dir", direction_words[r->dir < DIRECTION_COUNT ? r->dir : DMA_NONE]);
	set_string(L, "asked", record_asked_words[r->asked]);
	set_integer(L, "attrs", r->attrs);
	set_integer(L, "seq", r->seq);
}

static int l_records(lua_State *L)
{
	const struct dma_debug *d = dma_debug(L);

	lua_newtable(L);
	for (uint32_t slot = records_next(&d->records, 0); slot;
	     slot = records_next(&d->records, slot)) {
		push_record(L, d, records_at(&d->records, slot));
		append(L);
	}
	return 1;
}

/* A line as its row of dma_debug.def has it. */
static void set_line(lua_State *L, enum dma_debug_line line)
{
	const struct dma_debug_info *info = &dma_debug_info[line];

	set_string(L, "level", info->level);
	set_string(L, "numbers", info->numbers);
	set_string(L, "message", info->message);
	if (info->rule != RULE_COUNT)
		set_string(L, "rule", rule_info[info->rule].name);
}

static void push_message(lua_State *L, const struct dma_debug_message *m)
{
	char name[25];

	lua_createtable(L, 0, 10);
	set_line(L, m->line);
	set_integer(L, "seq", m->seq);
	set_integer(L, "cycle", m->cycle);
	set_integer(L, "mapped_at", m->mapped_at);
	set_integer(L, "device", m->device);
	unpack_name(m->number, name);
	set_string(L, "name", name);
	unpack_name(m->driver, name);
	set_string(L, "driver", name);
	lua_createtable(L, DMA_DEBUG_NUMBERS, 0);
	for (uint32_t i = 0; i < DMA_DEBUG_NUMBERS; i++) {
		lua_pushinteger(L, (lua_Integer)m->number[i]);
		append(L);
	}
	lua_setfield(L, -2, "values");
}

static int l_log(lua_State *L)
{
	const struct dma_debug *d = dma_debug(L);

	lua_createtable(L, (int)d->log_count, 0);
	for (uint32_t i = 0; i < d->log_count; i++) {
		push_message(L, dma_debug_log(d, i));
		append(L);
	}
	lua_pushinteger(L, (lua_Integer)d->log_dropped);
	return 2;
}

static int l_lines(lua_State *L)
{
	lua_createtable(L, DMA_DEBUG_LINE_COUNT, 0);
	for (enum dma_debug_line line = 0; line < DMA_DEBUG_LINE_COUNT; line++) {
		lua_createtable(L, 0, 4);
		set_line(L, line);
		append(L);
	}
	return 1;
}

/* The bytes of a name as numbers, least significant first; what is longer is cut off. */
static void pack_name(const char *name, uint64_t number[3])
{
	for (size_t i = 0; i < 24 && name[i]; i++)
		number[i / 8] |= (uint64_t)(uint8_t)name[i] << 8 * (i % 8);
}

static int tell(lua_State *L, const struct event *e)
{
	struct session *s = session_of(L);
	struct bench *b = session_bench(s);

	trace_append(&b->trace, b->machine.hw.bus.cycle, e);
	session_after(L, s);
	return 0;
}

/* What was written is told like any event: undo takes it back, a recording has it. */
static int l_set(lua_State *L)
{
	static const char *const knobs[] = { "all_errors", "num_errors", NULL };
	int knob = luaL_checkoption(L, 1, NULL, knobs);

	return tell(L, &(struct event){ .kind = EV_DMA_DEBUG, .a = (uint32_t)knob,
		.b = (uint32_t)luaL_checkinteger(L, 2) });
}

/* The name, and the device whose driver has it, nil for none. */
static int l_filter(lua_State *L)
{
	lua_Integer device = luaL_optinteger(L, 2, UINT16_MAX);
	uint64_t name[3] = { 0 };

	pack_name(luaL_checkstring(L, 1), name);
	return tell(L, &(struct event){ .kind = EV_DMA_DEBUG, .a = KNOB_DRIVER_FILTER,
		.addr = name[0], .addr2 = name[1], .value = name[2], .unit = (uint16_t)device });
}

void core_dma_debug_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "dma_debug", l_state }, { "dma_debug_records", l_records },
		{ "dma_debug_log", l_log },
		{ "dma_debug_lines", l_lines }, { "dma_debug_set", l_set },
		{ "dma_debug_filter", l_filter }, { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
