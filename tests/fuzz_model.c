/*
 * Fuzzes who follows a recording: the checker and the model, with events that decode well and make
 * no sense. A good story is told, and the input says which of its events are left out, told twice,
 * changed or invented.
 */
#include "fuzz.h"

#include "repl/session.h"
#include "viz/model.h"
#include "viz/recording.h"

#include <lauxlib.h>
#include <unistd.h>

#define STORY_MAX 60000u
#define TOLD_MAX  3000u      /* events of one input */

/* Something of everything, on machines that differ. */
static const char script[] =
	"local boards = {\n"
	"  { ram = 0x40000, kernel_image = 0x4000, line = 16, l1_sets = 4, l2_sets = 0 },\n"
	"  { ram = 0x100000, kernel_image = 0x10000, coherent = true, arch = 'x86' },\n"
	"  { ram = 0x400000, kernel_image = 0x10000, arch = 'arm',\n"
	"    swiotlb = 0x100000, swiotlb_force = true },\n"
	"  { ram = 0x100000, kernel_image = 0x10000, iommu = 'strict', dma_mask_bits = 32 },\n"
	"  { ram = 0x100000, kernel_image = 0x10000, iommu = 'lazy', arch = 'mips', strict = true } }\n"
	"for _, board in ipairs(boards) do\n"
	"  assert(core.power_on(board))\n"
	"  local buf, big, area = kzalloc(256), __get_free_pages(GFP_KERNEL, 1), vzalloc(9000)\n"
	"  store(buf, 0x1111) store(area + 4096, 7) load(big)\n"
	"  local h = dma_map_single(dev, buf, 256, DMA_BIDIRECTIONAL)\n"
	"  dma_mapping_error(dev, h) dev:dma_read(h, 64) dev:dma_write(h, ('x'):rep(40)) load(buf)\n"
	"  dma_sync_single_for_cpu(dev, h, 256, DMA_BIDIRECTIONAL) store(buf + 8, 1)\n"
	"  dma_sync_single_for_device(dev, h, 256, DMA_BIDIRECTIONAL)\n"
	"  dma_unmap_single(dev, h, 256, DMA_BIDIRECTIONAL)\n"
	"  local sg = scatterlist(2) sg_init_table(sg, 2)\n"
	"  sg_set_buf(sg[0], buf, 100) sg_set_buf(sg[1], big, 100)\n"
	"  dma_map_sg(dev, sg, 2, DMA_TO_DEVICE) dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE)\n"
	"  local pool = dma_pool_create('rx', dev, 64, 64, 0)\n"
	"  local a, ha = dma_pool_alloc(pool) store(a, 1)\n"
	"  dma_pool_free(pool, a, ha) dma_pool_destroy(pool)\n"
	"  local ring, rh = dma_alloc_coherent(dev, 8192) store(ring, 5) wmb()\n"
	"  dma_free_coherent(dev, 8192, ring, rh)\n"
	"  local va, ch = dma_alloc_noncoherent(dev, 4096, DMA_BIDIRECTIONAL)\n"
	"  dma_free_noncoherent(dev, 4096, va, ch, DMA_BIDIRECTIONAL)\n"
	"  local sgt = dma_alloc_noncontiguous(dev, 5000, DMA_TO_DEVICE)\n"
	"  if sgt then dma_free_noncontiguous(dev, 5000, sgt, DMA_TO_DEVICE) end\n"
	"  core.mark() kfree(buf) core.keep() core.undo(1)\n"
	"  cache.flush(buf, 256) kfree(buf) kfree(buf) vfree(area) free_pages(big, 1)\n"
	"end\n";

static struct event story[STORY_MAX];
static uint32_t told;

static void play_story(const char *path)
{
	struct session *s = session_new();
	char why[256];

	MUST(s);
	s->recorder = recorder_open(path, why, sizeof why);
	MUST(s->recorder);
	if (luaL_dostring(s->lua, script)) {
		fprintf(stderr, "%s\n", lua_tostring(s->lua, -1));
		abort();
	}
	MUST(recorder_close(s->recorder, &s->bench->trace));
	s->recorder = NULL;
	session_free(s);
}

static void tell_story(void)
{
	char path[] = "/tmp/dmalab-fuzz-XXXXXX", why[256];
	struct recording *r;

	close(mkstemp(path));
	play_story(path);
	r = recording_open(path, why, sizeof why);
	MUST(r && recording_count(r) <= STORY_MAX);
	for (; told < recording_count(r); told++)
		story[told] = *recording_at(r, told);
	recording_close(r);
	unlink(path);
}

/* A number that is more likely to hurt than another. */
static uint64_t odd_number(struct input *in, uint64_t was)
{
	static const uint64_t odd[] = { 0, 1, 7, 8, 15, 16, 4095, 4096, 65535, 65536, 0x40000, 0x3ffff,
		0x3fffc, 0xffffffff, 0x80000000, 0x80040000, 0x100000, ~0ull, ~0ull - 7, 1ull << 63,
		LINEAR_BASE, VMALLOC_BASE, IOREMAP_BASE, UNCACHED_BASE, MAPPED_END - 1 };
	uint64_t how = take_below(in, 4);

	if (how == 0)
		return was ^ (uint64_t)1 << take_below(in, 64);
	if (how == 1)
		return was + take(in, 1) - 128;
	return odd[take_below(in, sizeof odd / sizeof odd[0])];
}

static void change_field(struct event *e, struct input *in)
{
	switch (take_below(in, 9)) {
	case 0: e->addr = odd_number(in, e->addr); break;
	case 1: e->addr2 = odd_number(in, e->addr2); break;
	case 2: e->value = odd_number(in, e->value); break;
	case 3: e->size = (uint32_t)odd_number(in, e->size); break;
	case 4: e->a = (uint32_t)odd_number(in, e->a); break;
	case 5: e->b = (uint32_t)odd_number(in, e->b); break;
	case 6: e->unit = (uint16_t)odd_number(in, e->unit); break;
	case 7: e->kind = (uint16_t)take_below(in, EV_COUNT); break;
	default: e->cause = odd_number(in, e->cause); break;
	}
}

/* Whatever a picture asks. */
static void look_at(const struct model *m, struct input *in)
{
	uint64_t pa = odd_number(in, take(in, 3)), at;

	for (uint64_t pfn = 0; pfn < model_pages(m); pfn += 7)
		MUST(model_use(m, pfn) < PAGE_USE_COUNT);
	(void)model_allocation(m, pa);
	(void)model_stand_in(m, pa);
	(void)model_pa(m, model_va(m, pa), &at);
	for (enum where w = AT_RAM; w < WHERE_COUNT; w++)
		(void)model_age_of(m, w, pa, 16);
	for (uint32_t i = 0; i < MODEL_DEVICES; i++)
		MUST(model_buffer(m, i) && model_received(m, i));
	for (uint32_t i = 0; i < model_violations(m)->count; i++)
		MUST(violations_at(model_violations(m), i)->rule < RULE_COUNT);
}

static void tell(struct model *m, struct trace *t, const struct event *e)
{
	uint64_t seq = trace_append(t, e->cycle, e);

	model_event(m, t, trace_at(t, seq));
	trace_trim(t, 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct input in = { bytes, n };
	struct model m, copy;
	struct trace t;
	uint32_t next = 0;

	if (!told)
		tell_story();
	model_init(&m);
	trace_init(&t);
	for (uint32_t i = 0; i < TOLD_MAX && in.left; i++) {
		struct event e = story[next];

		switch (take_below(&in, 64)) {
		case 0: next = (uint32_t)take_below(&in, told); break;
		case 1: trace_resume(&t, take(&in, 1) ? t.next + take(&in, 2) : 1); break;
		case 2: look_at(&m, &in); break;
		case 3: case 4: next -= (uint32_t)min_u64(next, take_below(&in, 8)); break;
		case 5: case 6: case 7: case 8: case 9: case 10: case 11: case 12:
			change_field(&e, &in); break;
		default: break;
		}
		tell(&m, &t, &e);
		next = (next + 1) % told;
	}
	model_copy(&copy, &m);
	look_at(&copy, &in);
	model_release(&copy);
	model_release(&m);
	trace_release(&t);
	return 0;
}
