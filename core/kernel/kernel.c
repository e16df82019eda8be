#include "kernel/kernel.h"

#include "kernel/contiguous.h"
#include "kernel/iommu.h"
#include "kernel/pages.h"
#include "kernel/pool.h"
#include "kernel/resource.h"
#include "kernel/swiotlb.h"
#include "kernel/vmalloc.h"

#include <assert.h>
#include <string.h>

const struct klog_info klog_info[KLOG_COUNT] = {
#define KLOG(NAME, level, format) [KLOG_##NAME] = { false, level, format },
#define KLOG_ONCE(NAME, level, format) [KLOG_##NAME] = { true, level, format },
#include "kernel/klog.def"
#undef KLOG
};

void kernel_init(struct kernel *k, struct hw *hw)
{
	uint64_t pages = board_ram_end(&hw->board) >> PAGE_SHIFT;

	memset(k, 0, sizeof *k);
	k->hw = hw;
	cow_init(&k->frames, FRAMES_PER_LEAF * sizeof(struct frame), pages / FRAMES_PER_LEAF + 1);
	cow_init(&k->slabs, SLABS_PER_LEAF * sizeof(struct slab), pages / SLABS_PER_LEAF + 1);
	/* Linux: 32 bits until the driver says otherwise */
	for (uint32_t i = 0; i < DEVICE_MAX; i++)
		k->device_dma[i] = (struct device_dma){ .mask = UINT32_MAX,
			.coherent_mask = UINT32_MAX, .max_segment = 64 * KIB,
			.seg_boundary = UINT64_MAX };
	k->reserved_end = hw->board.kernel_image;
	swiotlb_init(k);    /* takes its pool before anybody is given a page, as at boot */
	cma_init(k);
	pages_init(k);
	vmalloc_init(k);
	resource_init(k);
	pools_init(k);
	iommu_dma_init(k);
}

void kernel_release(struct kernel *k)
{
	cow_release(&k->frames);
	cow_release(&k->slabs);
	cow_release(&k->vm_starts);
	cow_release(&k->swiotlb.slots);
	cow_release(&k->pools.chunks);
	cow_release(&k->iova.pages);
}

void kernel_copy(struct kernel *to, const struct kernel *from, struct hw *hw)
{
	*to = *from;
	to->hw = hw;
	cow_copy(&to->frames, &from->frames);
	cow_copy(&to->slabs, &from->slabs);
	cow_copy(&to->vm_starts, &from->vm_starts);
	cow_copy(&to->swiotlb.slots, &from->swiotlb.slots);
	cow_copy(&to->pools.chunks, &from->pools.chunks);
	cow_copy(&to->iova.pages, &from->iova.pages);
}

uint64_t kernel_tell(struct kernel *k, const struct event *e)
{
	return bus_tell(&k->hw->bus, e);
}

/* A line about a device, counted from 1; 0: about none. */
static void say(struct kernel *k, uint32_t about, enum klog what, const uint64_t number[3])
{
	if (klog_info[what].once && k->said[what])
		return;
	k->said[what] = true;
	kernel_tell(k, &(struct event){ .kind = EV_KERNEL_LOG, .addr = number[0],
		.addr2 = number[1], .value = number[2], .a = what, .b = about });
}

void kernel_log(struct kernel *k, enum klog what, uint64_t x, uint64_t y, uint64_t z)
{
	say(k, 0, what, (uint64_t[]){ x, y, z });
}

void kernel_dev_log(struct kernel *k, uint32_t dev, enum klog what, uint64_t x, uint64_t y,
		    uint64_t z)
{
	say(k, dev + 1, what, (uint64_t[]){ x, y, z });
}

uint64_t kernel_cause(struct kernel *k, uint64_t cause)
{
	struct trace *t = k->hw->bus.trace;
	uint64_t before = t->cause;

	t->cause = cause;
	return before;
}

void kernel_fill(struct kernel *k, vaddr_t va, uint8_t byte, uint64_t n)
{
	enum status s = cpu_fill(k->hw, va, byte, n, true);

	assert(s == OK);
	(void)s;
}

/*
 * __GFP_ZERO: what was asked for is zeroed for the driver,
 * the slack behind it only for order's sake.
 */
void kernel_zero(struct kernel *k, const struct block *b)
{
	enum status s = cpu_fill(k->hw, b->va, 0, b->asked, false);

	assert(s == OK);
	(void)s;
	kernel_fill(k, b->va + b->asked, 0, b->size - b->asked);
}

void kernel_tell_alloc(struct kernel *k, const struct block *b, uint32_t gfp)
{
	uint64_t seq = kernel_tell(k, &(struct event){ .kind = EV_MEM_ALLOC, .addr = b->va,
		.addr2 = b->pa, .value = b->asked, .size = event_size(b->size), .a = b->kind });

	if (gfp & GFP_ZERO) {
		uint64_t before = kernel_cause(k, seq);

		kernel_zero(k, b);
		kernel_cause(k, before);
	}
}

uint64_t kernel_tell_free(struct kernel *k, const struct block *b)
{
	return kernel_tell(k, &(struct event){ .kind = EV_MEM_FREE, .addr = b->va, .addr2 = b->pa,
		.size = event_size(b->size), .a = b->kind });
}

void kernel_tell_bad_free(struct kernel *k, enum mem_kind kind, vaddr_t va, enum bad_free why)
{
	kernel_tell(k, &(struct event){ .kind = EV_MEM_BAD_FREE, .addr = va, .a = why, .b = kind });
}
