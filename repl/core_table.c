/*
 * The table `core`: what the scripts need and a student does not. README.md lists it. Tables that
 * never change (core.api, core.events, ...) are made when somebody first asks, so that a start-up
 * which needs none of them pays for none.
 */
#include "core_table.h"

#include "api.h"

#include "kernel/dma.h"
#include "program.h"

#include <dirent.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct bench *bench(lua_State *L)
{
	return session_bench(session_of(L));
}

/* Tables that never change. */

static void push_api(lua_State *L)
{
	lua_newtable(L);
	for (const struct api_group *g = api_groups; g->name; g++)
		for (const struct api *row = g->rows; row->name; row++) {
			lua_createtable(L, 0, 5);
			set_string(L, "name", row->name);
			set_string(L, "args", row->args);
			set_string(L, "returns", row->returns);
			set_string(L, "help", row->help);
			set_string(L, "group", g->name);
			append(L);
		}
}

static void push_constants(lua_State *L)
{
	lua_newtable(L);
	for (const struct constant *c = api_constants; c->name; c++) {
		lua_createtable(L, 0, 3);
		set_string(L, "name", c->name);
		set_integer(L, "value", (uint64_t)c->value);
		set_string(L, "help", c->help);
		append(L);
	}
}

static const char *const slot_name[] = { "addr", "addr2", "value", "size", "a", "b", "unit" };

static void push_events(lua_State *L)
{
	lua_createtable(L, EV_COUNT, 0);
	for (enum event_kind k = 0; k < EV_COUNT; k++) {
		lua_createtable(L, 0, 5);
		set_string(L, "name", event_info[k].name);
		set_string(L, "id", event_info[k].id);
		set_string(L, "lane", lane_name[event_info[k].lane]);
		set_string(L, "sentence", event_info[k].sentence);
		lua_newtable(L);
		for (enum event_field f = 0; f < FIELD_COUNT; f++)
			if (*event_info[k].field[f])
				set_string(L, slot_name[f], event_info[k].field[f]);
		lua_setfield(L, -2, "fields");
		append(L);
	}
}

static void set_rule(lua_State *L, const struct rule_info *rule, const char *name_key)
{
	set_string(L, name_key, rule->name);
	set_string(L, "severity", rule->severity);
	set_string(L, "misconception", rule->misconception);
	set_string(L, "sentence", rule->sentence);
	set_string(L, "remedy", rule->remedy);
}

static void push_rules(lua_State *L)
{
	lua_createtable(L, RULE_COUNT, 0);
	for (enum rule r = 0; r < RULE_COUNT; r++) {
		lua_createtable(L, 0, 5);
		set_rule(L, &rule_info[r], "name");
		append(L);
	}
}

/* A setting's value as scripts see it: a word, a truth, or a number. */
static void push_setting_value(lua_State *L, const struct setting *s, uint64_t value)
{
	if (s->type == SETTING_WORD)
		lua_pushstring(L, s->words[value]);
	else if (s->type == SETTING_SWITCH)
		lua_pushboolean(L, value != 0);
	else
		lua_pushinteger(L, (lua_Integer)value);
}

static void push_settings(lua_State *L)
{
	static const char *const types[] = { "size", "number", "switch", "word" };

	lua_createtable(L, (int)setting_count, 0);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		lua_createtable(L, 0, 8);
		set_string(L, "key", s->key);
		set_string(L, "type", types[s->type]);
		push_setting_value(L, s, s->normal);
		lua_setfield(L, -2, "default");
		set_integer(L, "min", s->min);
		set_integer(L, "max", s->max);
		set_boolean(L, "pow2", s->power_of_two);
		set_string(L, "sentence", s->sentence);
		lua_newtable(L);
		for (size_t w = 0; s->words && s->words[w]; w++) {
			lua_pushstring(L, s->words[w]);
			append(L);
		}
		lua_setfield(L, -2, "words");
		append(L);
	}
}

static void push_choices(lua_State *L)
{
	lua_createtable(L, CHOICE_COUNT, 0);
	for (enum choice c = 0; c < CHOICE_COUNT; c++) {
		lua_createtable(L, 0, 2);
		set_string(L, "name", choice_info[c].name);
		set_string(L, "sentence", choice_info[c].sentence);
		append(L);
	}
}

const char *const direction_words[] = { "bidirectional", "to_device", "from_device", "none" };

static void set_line_ops(lua_State *L, const char *key, const enum line_op ops[3])
{
	static const char *const words[] = { "none", "clean", "inval", "edge", "flush" };

	lua_createtable(L, 0, 3);
	for (enum direction d = 0; d < DMA_NONE; d++)
		set_string(L, direction_words[d], words[ops[d]]);
	lua_setfield(L, -2, key);
}

static void push_archs(lua_State *L)
{
	static const char *const coherent_by[] = { "remap", "alias", "cached" };

	lua_createtable(L, ARCH_COUNT, 0);
	for (enum arch a = 0; a < ARCH_COUNT; a++) {
		lua_createtable(L, 0, 6);
		set_string(L, "name", arch_ops[a].name);
		set_string(L, "sentence", arch_ops[a].sentence);
		set_boolean(L, "outer", arch_ops[a].outer);
		set_string(L, "coherent", coherent_by[arch_ops[a].coherent]);
		set_line_ops(L, "for_device", arch_ops[a].for_device);
		set_line_ops(L, "for_cpu", arch_ops[a].for_cpu);
		append(L);
	}
}

static void push_klog(lua_State *L)
{
	lua_createtable(L, KLOG_COUNT, 0);
	for (enum klog k = 0; k < KLOG_COUNT; k++) {
		lua_createtable(L, 0, 2);
		set_string(L, "level", klog_info[k].level);
		set_string(L, "format", klog_info[k].format);
		append(L);
	}
}

static void push_devices(lua_State *L)
{
	lua_createtable(L, (int)device_count, 0);
	for (uint32_t i = 0; i < device_count; i++) {
		lua_createtable(L, 0, 4);
		set_string(L, "name", device_ops[i]->name);
		set_string(L, "sentence", device_ops[i]->sentence);
		set_string(L, "registers", device_ops[i]->registers);
		set_integer(L, "bar", hw_device_bar(i));
		append(L);
	}
}

static const struct {
	const char *name;
	void (*push)(lua_State *L);
} fixed_tables[] = {
	{ "api", push_api }, { "constants", push_constants }, { "events", push_events },
	{ "rules", push_rules }, { "settings", push_settings }, { "choices", push_choices },
	{ "archs", push_archs }, { "klog", push_klog }, { "devices", push_devices },
};

/* __index of core: make the table and keep it. */
static int make_fixed_table(lua_State *L)
{
	const char *key = lua_tostring(L, 2);

	for (size_t i = 0; key && i < sizeof fixed_tables / sizeof fixed_tables[0]; i++)
		if (!strcmp(fixed_tables[i].name, key)) {
			fixed_tables[i].push(L);
			lua_pushvalue(L, -1);
			lua_setfield(L, 1, key);
			return 1;
		}
	return 0;
}

/* The bench. */

/* The setting's value from the one on top of the stack; false when it has no such value. */
static bool setting_value(lua_State *L, const struct setting *s, uint64_t *value)
{
	if (s->type == SETTING_SWITCH) {
		*value = (uint64_t)lua_toboolean(L, -1);
		return lua_isboolean(L, -1);
	}
	if (s->type != SETTING_WORD) {
		*value = (uint64_t)lua_tointeger(L, -1);
		return lua_isinteger(L, -1);
	}
	for (uint64_t w = 0; lua_type(L, -1) == LUA_TSTRING && s->words[w]; w++)
		if (!strcmp(s->words[w], lua_tostring(L, -1))) {
			*value = w;
			return true;
		}
	return false;
}

/* nil, the key, why. */
static int refuse(lua_State *L, const char *key, const char *why)
{
	lua_pushnil(L);
	lua_pushstring(L, key);
	lua_pushstring(L, why);
	return 3;
}

/* The handler runs inside a call that goes on with this machine. */
static void refuse_in_handler(lua_State *L)
{
	if (session_of(L)->explorer && session_of(L)->last_event) {
		lua_pushliteral(L, "no machine can be switched on, and nothing undone, in what explore "
			"plays\n  choose the machine before, by --board NAME or machine{}");
		lua_error(L);
	}
	if (session_of(L)->in_handler)
		luaL_error(L, "this cannot be done inside an interrupt handler; "
			   "let it return first");
}

static int l_power_on(lua_State *L)
{
	struct board board = board_default();
	const char *mistake;

	luaL_checktype(L, 1, LUA_TTABLE);
	refuse_in_handler(L);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		const struct setting *s = setting_named(key);
		uint64_t value;

		if (!s)
			return refuse(L, key, "there is no such setting");
		if (!setting_value(L, s, &value) || !board_set(&board, s, value))
			return refuse(L, key, "out of range");
	}
	mistake = board_mistake(&board);
	if (mistake)
		return refuse(L, NULL, mistake);
	session_power_on(session_of(L), &board);
	lua_pushboolean(L, true);
	return 1;
}

static int l_board(lua_State *L)
{
	const struct board *board = &bench(L)->machine.hw.board;

	lua_createtable(L, 0, (int)setting_count);
	for (size_t i = 0; i < setting_count; i++) {
		push_setting_value(L, &settings[i], board_get(board, &settings[i]));
		lua_setfield(L, -2, settings[i].key);
	}
	return 1;
}

static int l_mark(lua_State *L)
{
	struct session *s = session_of(L);

	bench_mark(session_bench(s));
	s->marked = true;
	return 0;
}

/* How many steps there are now, or false. The mark of a machine that is gone is no step. */
static int l_keep(lua_State *L)
{
	struct session *s = session_of(L);
	struct bench *b = session_bench(s);
	bool marked = s->marked, changed = lua_toboolean(L, 1);

	session_after(L, s);
	s->marked = false;
	if (marked && b == s->bench && bench_keep(b, changed))
		lua_pushinteger(L, b->steps);
	else
		lua_pushboolean(L, false);
	return 1;
}

/* Violations that are taken back may be announced again. */
static int l_undo(lua_State *L)
{
	struct session *s = session_of(L);
	uint64_t n = (uint64_t)luaL_optinteger(L, 1, 1);
	struct bench *b = session_bench(s);

	luaL_argcheck(L, (lua_Integer)n >= 0, 1, "a number of steps");
	refuse_in_handler(L);
	lua_pushinteger(L, bench_undo(b, (uint32_t)min_u64(n, HISTORY_MAX)));
	s->marked = false;
	if (s->announced > b->checker.facts.violations.count)
		s->announced = b->checker.facts.violations.count;
	session_after(L, s);
	return 1;
}

static int l_trace(lua_State *L)
{
	const struct trace *t = &bench(L)->trace;

	lua_pushinteger(L, (lua_Integer)t->first);
	lua_pushinteger(L, (lua_Integer)t->next);
	return 2;
}

/* A field under its own name, as a word where it has words; `kind` is taken, hence memory. */
static void set_event_field(lua_State *L, const struct event *e, enum event_field f)
{
	const char *name = event_info[e->kind].field[f], *word = event_word(e, f);

	if (!*name)
		return;
	if (word)
		lua_pushstring(L, word);
	else
		lua_pushinteger(L, (lua_Integer)event_get(e, f));
	lua_setfield(L, -2, strcmp(name, "kind") ? name : "memory");
}

static void push_event(lua_State *L, const struct event *e)
{
	char text[512];

	lua_createtable(L, 0, 20);
	for (enum event_field f = 0; f < FIELD_COUNT; f++) {
		set_integer(L, slot_name[f], event_get(e, f));
		set_event_field(L, e, f);
	}
	set_integer(L, "seq", e->seq);
	set_integer(L, "cycle", e->cycle);
	set_integer(L, "cause", e->cause);
	set_string(L, "kind", event_info[e->kind].name);
	set_string(L, "lane", lane_name[event_info[e->kind].lane]);
	event_text(e, text, sizeof text);
	set_string(L, "text", text);
}

static int l_event(lua_State *L)
{
	const struct event *e = trace_at(&bench(L)->trace, (uint64_t)luaL_checkinteger(L, 1));

	if (!e)
		return 0;
	push_event(L, e);
	return 1;
}

/* core.maintained(seq): bytes of the lines cleaned, invalidated or flushed from that event on. */
static int l_maintained(lua_State *L)
{
	const struct trace *t = &bench(L)->trace;
	uint64_t bytes = 0;

	for (uint64_t seq = (uint64_t)luaL_checkinteger(L, 1); seq < t->next; seq++) {
		const struct event *e = trace_at(t, seq);

		if (e && e->kind == EV_CACHE_OP)
			bytes += e->size;
	}
	lua_pushinteger(L, (lua_Integer)bytes);
	return 1;
}

static const char *writer(stamp_t s)
{
	static const char *const words[] = { "nobody", "cpu", "kernel", "cpu" };

	return stamp_by_device(s) ? "device" : words[s & 0xff];
}

void core_push_violation(lua_State *L, struct bench *b, uint32_t i)
{
	const struct violation *v = violations_at(&b->checker.facts.violations, i);

	lua_createtable(L, 0, 26);
	set_rule(L, &rule_info[v->rule], "rule");
	set_string(L, "advice", advice_sentence[v->advice]);
	set_integer(L, "count", v->count);
	set_integer(L, "cause", v->cause);
	set_integer(L, "seq", v->seq);
	set_integer(L, "cycle", v->cycle);
	set_integer(L, "va", v->va);
	set_integer(L, "pa", v->pa);
	set_boolean(L, "on_bus", v->on_bus);
	set_integer(L, "dma", v->dma);
	set_integer(L, "size", v->size);
	set_integer(L, "beside_pa", v->beside.pa);
	set_integer(L, "beside_size", v->beside.size);
	set_integer(L, "width", v->width);
	set_integer(L, "old_value", v->old_value);
	set_integer(L, "new_value", v->new_value);
	set_string(L, "old_by", writer(v->old_stamp));
	set_string(L, "new_by", writer(v->new_stamp));
	set_integer(L, "old_event", stamp_event(v->old_stamp));
	set_integer(L, "new_event", stamp_event(v->new_stamp));
	lua_createtable(L, (int)v->chain_length, 0);
	for (uint32_t c = 0; c < v->chain_length; c++) {
		lua_pushinteger(L, (lua_Integer)v->chain[c]);
		append(L);
	}
	lua_setfield(L, -2, "chain");
}

/* The events of a violation's chain, in order; false where the trace had lost one. */
static int l_chain(lua_State *L)
{
	const struct violations *vs = &bench(L)->checker.facts.violations;
	lua_Integer n = luaL_checkinteger(L, 1);
	const struct violation *v =
		n > 0 && n <= vs->count ? violations_at(vs, (uint32_t)n - 1) : NULL;

	lua_newtable(L);
	for (uint32_t i = 0; v && i < v->chain_length; i++) {
		if (v->events[i].seq)
			push_event(L, &v->events[i]);
		else
			lua_pushboolean(L, false);
		append(L);
	}
	return 1;
}

static int l_violations(lua_State *L)
{
	struct bench *b = bench(L);

	lua_newtable(L);
	for (uint32_t i = 0; i < b->checker.facts.violations.count; i++) {
		core_push_violation(L, b, i);
		append(L);
	}
	return 1;
}

void core_push_mapping(lua_State *L, const struct mapping *m)
{
	lua_createtable(L, 0, 11);
	set_integer(L, "seq", m->seq);
	set_integer(L, "dma", m->dma);
	set_integer(L, "pa", m->pa);
	set_integer(L, "va", m->va);
	set_integer(L, "size", m->size);
	set_string(L, "dir", direction_words[m->dir < DIRECTION_COUNT ? m->dir : DMA_NONE]);
	set_integer(L, "device", m->device);
	set_boolean(L, "coherent", m->coherent_memory);
	set_boolean(L, "to_check", m->form <= FORM_PAGE || m->form == FORM_RESOURCE);
	set_string(L, "owner", m->device_owns ? "device" : "cpu");
	set_boolean(L, "checked", m->checked);
}

static int l_mappings(lua_State *L)
{
	const struct ownership *o = &bench(L)->checker.facts.ownership;

	lua_newtable(L);
	for (uint32_t i = 0; i < o->end; i++) {
		const struct mapping *m = ownership_mapping(o, i);

		if (!m->seq || !m->live)
			continue;
		core_push_mapping(L, m);
		append(L);
	}
	return 1;
}

static int l_nature(lua_State *L)
{
	static const char *const words[] = { "calm", "random", "replay" };
	const struct hw *h = &bench(L)->machine.hw;

	lua_pushstring(L, words[h->bus.nature.policy]);
	lua_pushinteger(L, (lua_Integer)h->board.seed);
	lua_pushinteger(L, (lua_Integer)h->bus.nature.questions);
	return 3;
}

/* The hardware. */

static struct cache *cache_of_level(lua_State *L)
{
	return hw_cache(&bench(L)->machine.hw, (uint32_t)luaL_checkinteger(L, 1));
}

static int l_lines(lua_State *L)
{
	const struct cache *c = cache_of_level(L);

	if (!c)
		return 0;
	lua_createtable(L, (int)(c->sets * c->ways), 0);
	for (uint32_t i = 0; i < c->sets * c->ways; i++) {
		const struct line *l = cache_line(c, i / c->ways, i % c->ways);
		const char state[2] = { "ISEM"[l->state], '\0' };

		lua_createtable(L, 0, 6);
		set_integer(L, "set", i / c->ways);
		set_integer(L, "way", i % c->ways);
		set_integer(L, "pa", l->pa);
		set_integer(L, "used", l->used);
		set_string(L, "state", state);
		lua_pushlstring(L, (const char *)l->bytes, c->line);
		lua_setfield(L, -2, "bytes");
		append(L);
	}
	return 1;
}

static int l_cache_info(lua_State *L)
{
	static const char *const policies[] = { "lru", "plru", "fifo", "random" };
	const struct cache *c = cache_of_level(L);

	if (!c)
		return 0;
	lua_createtable(L, 0, 8);
	set_integer(L, "sets", c->sets);
	set_integer(L, "ways", c->ways);
	set_integer(L, "line", c->line);
	set_string(L, "policy", policies[c->policy]);
	set_string(L, "write", c->write_through ? "through" : "back");
	set_boolean(L, "allocate", c->allocate);
	set_integer(L, "uses", c->clock);
	set_integer(L, "misses", c->misses);
	return 1;
}

/* One copy of a byte: what the machine holds, and what the trace knows of who wrote it. */
struct copy {
	const char *at;
	uint8_t value;
	stamp_t stamp;
};

static bool machine_byte(struct hw *h, enum where at, paddr_t pa, uint8_t *value)
{
	struct cache *c = at == AT_L1 || at == AT_L2 ? hw_cache(h, at - AT_RAM) : NULL;
	const struct line *l = c ? cache_find(c, pa) : NULL;

	if (at == AT_RAM) {
		bus_ram_read(&h->bus, pa, value, 1);
		return true;
	}
	if (l)
		*value = l->bytes[pa - l->pa];
	for (uint32_t i = h->stores.count; at == AT_STORE_BUFFER && i-- > 0;) {
		const struct pending_store *p = store_buffer_peek(&h->stores, i);

		if (!inside(pa, 1, p->pa, p->size))
			continue;
		*value = (uint8_t)(p->value >> 8 * (pa - p->pa));
		return true;
	}
	return l != NULL;
}

/* The copies of a byte, newest first; of two from the same write, the one nearer the CPU. */
static size_t find_copies(struct bench *b, paddr_t pa, struct copy copy[4])
{
	static const enum where near_first[] = { AT_STORE_BUFFER, AT_L1, AT_L2, AT_RAM };
	static const char *const names[] = { "ram", "l1", "l2", "store_buffer" };
	size_t count = 0;

	for (size_t i = 0; i < 4; i++) {
		struct copy c = { .at = names[near_first[i]] };
		size_t place = count;
		uint8_t known;

		if (!machine_byte(&b->machine.hw, near_first[i], pa, &c.value))
			continue;
		if (!shadow_byte(&b->checker.facts.shadow, near_first[i], pa, &known, &c.stamp) ||
		    known != c.value)
			c.stamp = 0;      /* nobody watched */
		for (; place && copy[place - 1].stamp < c.stamp; place--)
			copy[place] = copy[place - 1];
		copy[place] = c;
		count++;
	}
	return count;
}

static int l_copies(lua_State *L)
{
	struct bench *b = bench(L);
	paddr_t pa = (paddr_t)luaL_checkinteger(L, 1);
	struct copy copy[4];
	size_t count;

	if (!board_is_ram(&b->machine.hw.board, pa, 1))
		return 0;
	count = find_copies(b, pa, copy);
	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		lua_createtable(L, 0, 5);
		set_string(L, "at", copy[i].at);
		set_integer(L, "value", copy[i].value);
		set_string(L, "by", writer(copy[i].stamp));
		set_integer(L, "event", stamp_event(copy[i].stamp));
		set_boolean(L, "stale", copy[i].stamp < copy[0].stamp);
		append(L);
	}
	return 1;
}

/* What each device is at, in the order of core.devices. */
static int l_devices_now(lua_State *L)
{
	const struct hw *h = &bench(L)->machine.hw;

	lua_newtable(L);
	for (uint32_t i = 0; i < device_count; i++) {
		lua_createtable(L, 0, 3);
		set_boolean(L, "busy", device_ops[i]->busy(hw_device_state(h, i)));
		set_boolean(L, "irq", h->device[i].irq);
		set_integer(L, "irq_bits", h->device[i].irq_bits);
		append(L);
	}
	return 1;
}

static int l_stores(lua_State *L)
{
	const struct store_buffer *stores = &bench(L)->machine.hw.stores;

	lua_newtable(L);
	for (uint32_t i = 0; i < stores->count; i++) {
		const struct pending_store *p = store_buffer_peek(stores, i);

		lua_createtable(L, 0, 4);
		set_integer(L, "pa", p->pa);
		set_integer(L, "value", p->value);
		set_integer(L, "size", p->size);
		set_integer(L, "due", p->due);
		append(L);
	}
	return 1;
}

const char *const attr_words[] = { "cached", "write_combine", "uncached", "device" };

static int l_translate(lua_State *L)
{
	vaddr_t va = (vaddr_t)luaL_checkinteger(L, 1);
	enum attr attr;
	paddr_t pa;

	if (mmu_translate(&bench(L)->machine.hw.mmu, va, &pa, &attr) != OK)
		return 0;
	lua_pushinteger(L, (lua_Integer)pa);
	lua_pushstring(L, attr_words[attr]);
	return 2;
}

/* The program. */

static int l_interrupt(lua_State *L)
{
	session_interrupt(session_of(L));
	return 0;
}

static int l_files(lua_State *L)
{
	DIR *folder = opendir(luaL_checkstring(L, 1));
	const struct dirent *entry;

	lua_newtable(L);
	if (!folder)
		return 1;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			lua_pushstring(L, entry->d_name);
			append(L);
		}
	closedir(folder);
	return 1;
}

/* core.rows(): lines of the terminal, or nil where the output goes elsewhere. */
static int l_rows(lua_State *L)
{
	struct winsize screen;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen) || !screen.ws_row)
		return 0;
	lua_pushinteger(L, screen.ws_row);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "power_on", l_power_on }, { "board", l_board },
	{ "mark", l_mark }, { "keep", l_keep }, { "undo", l_undo }, 
	{ "event", l_event }, { "trace", l_trace }, { "maintained", l_maintained },
	{ "violations", l_violations },
	{ "chain", l_chain },
	{ "mappings", l_mappings }, { "nature", l_nature },
	{ "lines", l_lines }, { "cache_info", l_cache_info }, { "copies", l_copies },
	{ "stores", l_stores }, { "devices_now", l_devices_now }, { "translate", l_translate },
	{ "interrupt", l_interrupt }, { "files", l_files },
	{ "rows", l_rows },
	{ NULL, NULL },
};

void core_table_open(lua_State *L)
{
	const struct session *s = session_of(L);
	char program[PROGRAM_PATH];

	lua_newtable(L);
	luaL_setfuncs(L, functions, 0);
	core_kernel_open(L);
	core_dma_debug_open(L);
	core_objects_open(L);
	core_view_open(L);
	core_explore_open(L);
	core_student_open(L);
	core_child_open(L);
	core_result_open(L);
	set_string(L, "version", VERSION);
	set_string(L, "scripts", s->scripts);
	set_string(L, "program", program_folder(program, sizeof program) ? program : "");
	set_boolean(L, "terminal", isatty(STDOUT_FILENO));
	lua_getglobal(L, "load");              /* Lua's own; the global will read memory */
	lua_setfield(L, -2, "compile");
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, make_fixed_table);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, "dmalab.core");
	lua_setglobal(L, "core");
}
