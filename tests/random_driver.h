#pragma once
/* A random driver, right and wrong, for every board; and boards as different as they come. */
#include "harness.h"

#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"
#include "machine.h"

#define BLOCKS 12

/* A block the script holds, and where the device knows it. */
struct held {
	enum mem_kind kind;
	vaddr_t va;              /* 0: the slot is free */
	uint64_t size;
	bool mapped;
	dma_addr_t dma;
	enum direction dir;
};

/* A random driver, as a value: the same one does the same to every machine it is let loose on. */
struct script {
	uint64_t random;
	vaddr_t bar;
	bool careful;            /* unmaps what it frees */
	struct held held[BLOCKS];
};

static inline uint64_t below(struct script *s, uint64_t n)
{
	return test_below(&s->random, n);
}

static inline void take(struct kernel *k, struct script *s, struct held *h)
{
	uint32_t gfp = below(s, 2) ? GFP_KERNEL : GFP_KERNEL | GFP_ZERO;

	h->kind = (enum mem_kind)below(s, MEM_KIND_COUNT);
	h->size = h->kind == MEM_KMALLOC ? 1 + below(s, 600) : PAGE_SIZE << below(s, 2);
	h->mapped = false;
	switch (h->kind) {
	case MEM_KMALLOC: h->va = kmalloc(k, h->size, gfp); break;
	case MEM_PAGES:   h->va = pages_alloc(k, gfp, pages_order(h->size)); break;
	case MEM_VMALLOC: h->va = vmalloc(k, h->size, gfp); break;
	default:          h->va = dma_alloc_coherent(k, 0, h->size, &h->dma, gfp); break;
	}
}

static inline void map_or_unmap(struct kernel *k, struct script *s, struct held *h)
{
	if (h->mapped) {
		dma_unmap_single(k, 0, h->dma, h->size, h->dir);
	} else {
		h->dir = (enum direction)below(s, 3);
		h->dma = dma_map_single(k, 0, h->va, h->size, h->dir);
		if (dma_mapping_error(k, 0, h->dma))
			return;
	}
	h->mapped = !h->mapped;
}

static inline void give_back(struct kernel *k, struct script *s, struct held *h)
{
	if (s->careful && h->mapped)
		map_or_unmap(k, s, h);
	switch (h->kind) {
	case MEM_KMALLOC: kfree(k, h->va); break;
	case MEM_PAGES:   pages_free(k, h->va, pages_order(h->size)); break;
	case MEM_VMALLOC: vfree(k, h->va); break;
	default:          dma_free_coherent(k, 0, h->size, h->va, h->dma); break;
	}
	h->va = 0;
}

static inline void sync_held(struct kernel *k, struct script *s, const struct held *h)
{
	if (!h->mapped)
		return;
	if (below(s, 2))
		dma_sync_single_for_cpu(k, 0, h->dma, h->size, h->dir);
	else
		dma_sync_single_for_device(k, 0, h->dma, h->size, h->dir);
}

static inline void set_reg(struct machine *m, struct script *s, uint64_t at, uint64_t value)
{
	assert_int_equal(cpu_store(&m->hw, s->bar + at, 8, value), OK);
}

static inline void start_device(struct machine *m, struct script *s, const struct held *h)
{
	bool writes = below(s, 2);

	if (!h->mapped && h->kind != MEM_COHERENT)
		return;
	if (!s->bar)
		s->bar = ioremap(&m->kernel, hw_device_bar(0), PAGE_SIZE, ATTR_DEVICE);
	set_reg(m, s, 0x80, writes ? 0x40000 : h->dma);
	set_reg(m, s, 0x88, writes ? h->dma : 0x40000);
	set_reg(m, s, 0x90, min_u64(h->size, 200));
	set_reg(m, s, 0x98, writes ? 7 : 1);
}

static inline void touch(struct machine *m, struct script *s, const struct held *h)
{
	size_t size = (size_t)1 << below(s, 4);
	vaddr_t va = h->va + (below(s, h->size) & ~(uint64_t)(size - 1));
	uint64_t value = test_random(&s->random);

	if (va + size > h->va + h->size)
		return;
	if (below(s, 2))
		assert_int_equal(cpu_load(&m->hw, va, size, &value), OK);
	else
		assert_int_equal(cpu_store(&m->hw, va, size, value), OK);
}

static inline void settle_device(struct machine *m)
{
	if (!machine_wait(m, 0, 1000))
		machine_run(m, 100);
}

/* One random thing a driver may do, right or wrong. */
static inline void operate(struct machine *m, struct script *s)
{
	struct held *h = &s->held[below(s, BLOCKS)];
	uint64_t what = below(s, 32);

	if (!h->va) {
		take(&m->kernel, s, h);
		return;
	}
	switch (what) {
	case 0: case 1: give_back(&m->kernel, s, h); break;
	case 2: case 3: case 4: map_or_unmap(&m->kernel, s, h); break;
	case 5: case 6: sync_held(&m->kernel, s, h); break;
	case 7: case 8: start_device(m, s, h); break;
	case 9: cpu_barrier(&m->hw, (enum barrier)below(s, BARRIER_COUNT)); break;
	case 10: machine_run(m, below(s, 200)); break;
	case 11: settle_device(m); break;
	case 12: assert_int_equal(cpu_cache(&m->hw, (enum cache_op)below(s, 3), h->va, h->size), OK); break;
	default: touch(m, s, h); break;
	}
}

static inline void operate_often(struct machine *m, struct script *s, uint64_t times)
{
	while (times--)
		operate(m, s);
}

/* Boards as different as they come, small enough for every page to be used. */
static inline struct board board_number(uint64_t i)
{
	struct board b = tiny_board();

	test_set(&b, "nature", i & 1);
	test_set(&b, "l2_sets", i & 2 ? i & 4 ? 16 : 4 : 0);
	test_set(&b, "l2_ways", 2);
	test_set(&b, "coherent", i % 5 == 4);
	test_set(&b, "l1_write", i % 7 == 3);
	test_set(&b, "l1_policy", i % 4);
	test_set(&b, "cycles_store", i % 3 ? 400 : 40);
	test_set(&b, "arch", b.coherent ? ARCH_X86 : i % ARCH_X86);
	return b;
}
