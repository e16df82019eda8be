#include "viz/words.h"

#include <inttypes.h>

const char *words_device(uint32_t unit)
{
	static const char *const name[] = {
#define DEVICE(name) #name,
#include "hw/devices.def"
#undef DEVICE
	};

	return unit < sizeof name / sizeof name[0] ? name[unit] : "unknown device";
}

const char *words_copy(enum where at)
{
	static const char *const name[WHERE_COUNT] = {
		[AT_RAM] = "RAM", [AT_L1] = "L1", [AT_L2] = "L2",
		[AT_STORE_BUFFER] = "the store buffer",
		[AT_DEVICE] = "the device", [AT_EARLY] = "a copy read before its turn",
	};

	return at < WHERE_COUNT ? name[at] : "somewhere";
}

void words_bytes(struct text *t, uint64_t n)
{
	if (n >= UINT32_MAX)
		text_add(t, "4 GiB or more");
	else
		text_add(t, "%" PRIu64 " byte%s", n, n == 1 ? "" : "s");
}

void words_value(struct text *t, uint64_t value, uint64_t size)
{
	if (size && size < 8)
		value &= ((uint64_t)1 << size * 8) - 1;
	if (size > 8 && value == (value & 0xff) * 0x0101010101010101)
		text_add(t, "0x%02" PRIx64 " in each byte", value & 0xff);
	else
		text_add(t, "0x%02" PRIx64 "%s", value, size > 8 ? " over and over" : "");
}

void words_writer(struct text *t, stamp_t stamp)
{
	uint32_t writer = stamp & 0xff;

	if (writer == WROTE_NOBODY)
		text_add(t, "nobody");
	else if (stamp_by_device(stamp))
		text_add(t, "the %s", words_device(writer - WROTE_DEVICE));
	else
		text_add(t, "the %s", stamp_by_cpu(stamp) ? "CPU" : "kernel");
	if (stamp_event(stamp))
		text_add(t, " at event %" PRIu64, stamp_event(stamp));
}

static void add_offset(struct text *t, uint64_t n)
{
	if (n)
		text_add(t, "+%" PRIu64, n);
}

static void name_block(struct text *t, const struct allocation *b, uint64_t offset)
{
	static const char *const name[MEM_KIND_COUNT] = {
		"kmalloc", "pages", "vmalloc", "coherent", "stack"
	};

	text_add(t, "%s", b->kind < MEM_KIND_COUNT ? name[b->kind] : "block");
	if (b->kind == MEM_KMALLOC && b->size < PAGE_SIZE)
		text_add(t, "-%" PRIu64, b->size);
	add_offset(t, offset);
}

/* The area of vmalloc this address lies in; NULL for none. */
static const struct allocation *area_of(const struct model *m, uint64_t va)
{
	if (va < VMALLOC_BASE)
		return NULL;
	for (uint32_t i = 0; i < m->allocation_end; i++) {
		const struct allocation *b = cow_read(&m->allocations, i);

		if (b->seq && b->kind == MEM_VMALLOC && inside(va, 1, b->va, b->size))
			return b;
	}
	return NULL;
}

void words_name(struct text *t, const struct model *m, uint64_t pa)
{
	struct allocation block;
	const struct allocation *area;
	enum page_use use;
	uint64_t va;

	if (pa >= model_shadow(m)->ram_bytes) {
		text_add(t, "no RAM");
		return;
	}
	block = model_allocation(m, pa);
	va = model_va(m, pa);
	area = area_of(m, va);
	use = model_use(m, pa >> PAGE_SHIFT);
	if (area)
		name_block(t, area, va - area->va);
	else if (block.seq)
		name_block(t, &block, pa - block.pa);
	else
		text_add(t, "%s%s", page_use_name[use], use == PAGE_FREE ? " page" :
			 use == PAGE_BOUNCE ? " buffer" : "");
}

void words_place(struct text *t, const struct model *m, uint64_t pa)
{
	text_add(t, "0x%" PRIx64, pa);
	if (pa >= model_shadow(m)->ram_bytes)
		return;
	text_add(t, " (");
	words_name(t, m, pa);
	text_add(t, ")");
}
