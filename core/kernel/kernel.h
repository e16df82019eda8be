#pragma once
/*
 * The little kernel as one value: page allocator, kmalloc, vmalloc and ioremap, resources. It runs
 * on the hardware and knows Linux's names, limits and habits (mm/page_alloc.c, mm/slub.c,
 * mm/vmalloc.c, kernel/resource.c). All its memory is RAM of the machine; its own tables are values
 * or leaves, so a machine with its kernel can be copied.
 *
 * What it would print goes to the trace as kernel.log events, by number (klog.def); whoever shows
 * dmesg puts in the words.
 */
#include "hw/cpu.h"

#define ORDER_MAX     11     /* highest order any profile has: 8 MiB */
#define VM_AREAS_MAX  512
#define RESOURCES_MAX 64
#define NAME_MAX_LEN  32     /* bytes of a resource's name, the end included */
#define FRAMES_PER_LEAF 256
#define SLABS_PER_LEAF  32

/* include/linux/gfp_types.h, the bits that mean something here. */
enum gfp {
	GFP_DMA     = 0x01,      /* __GFP_DMA: ZONE_DMA only */
	GFP_DMA32   = 0x04,      /* __GFP_DMA32: ZONE_DMA32 or below */
	GFP_ZERO    = 0x100,     /* __GFP_ZERO */
	GFP_NOWARN  = 0x2000,    /* __GFP_NOWARN: no kernel.log when it fails */
	GFP_ATOMIC  = 0x820,     /* may not sleep */
	GFP_KERNEL  = 0xcc0,     /* may sleep */
};

enum zone { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_COUNT };

/* Lines the kernel would log. */
enum klog {
#define KLOG(NAME, level, format) KLOG_##NAME,
#include "kernel/klog.def"
#undef KLOG
	KLOG_COUNT
};

struct klog_info {
	const char *level;       /* "warn" */
	const char *format;      /* {x} {y} {z} stand for the event's fields */
};

extern const struct klog_info klog_info[KLOG_COUNT];

/* What a page frame is used for. */
enum frame_kind { FRAME_ABSENT, FRAME_RESERVED, FRAME_FREE, FRAME_TAIL, FRAME_PAGES, FRAME_SLAB,
		  FRAME_KMALLOC, FRAME_VMALLOC, FRAME_COHERENT };

/*
 * One per page frame: the page allocator's view (struct page). Only the first frame of a block, its
 * head, says anything; the others are FRAME_TAIL, or were never written (FRAME_ABSENT): ask
 * frame_head. Pfn 0 is the kernel's own, so 0 can end a list.
 */
struct frame {
	uint32_t next, prev;     /* heads that are FREE, or a SLAB with a free object: their list */
	uint8_t kind;            /* enum frame_kind */
	uint8_t order;           /* heads: the block is 1 << order frames */
	uint8_t zone;            /* heads: enum zone */
	uint8_t cache;           /* SLAB, now or before it was freed: which kmalloc cache */
	uint8_t was;             /* kind of the last block freed here: tells a double free from nonsense */
};

/* Beside a slab: which of its objects are handed out. Found by the pfn of the slab's head. */
struct slab {
	uint64_t live[8];        /* one bit an object; a page holds at most 512 */
	uint32_t used;
};

/* A stretch of the vmalloc or ioremap window. Those in use stand first, in order of address. */
struct vm_area {
	vaddr_t va;
	uint64_t size;           /* bytes, without the guard page */
	paddr_t pa;              /* IOREMAP, COHERENT: where it begins */
	uint32_t pages;          /* VMALLOC: frames it owns */
	uint8_t kind;            /* enum vm_kind; VM_NONE: the slot is free */
	uint8_t attr;            /* enum attr */
};

enum vm_kind { VM_NONE, VM_VMALLOC, VM_IOREMAP, VM_COHERENT };

struct resource {
	paddr_t start;
	uint64_t size;           /* 0: the slot is free */
	char name[NAME_MAX_LEN];
	bool busy;               /* nobody else may claim any of it (IORESOURCE_BUSY) */
	bool boot;               /* there from boot: not to be released */
};

struct kernel {
	struct hw *hw;                                   /* wired */
	struct cow frames;                               /* struct frame, FRAMES_PER_LEAF each leaf */
	struct cow slabs;                                /* struct slab, SLABS_PER_LEAF each leaf, by pfn */
	struct cow vm_starts;                            /* a bit a page: a vmalloc area began here once */
	uint32_t free_list[ZONE_COUNT][ORDER_MAX + 1];   /* first block, as pfn; 0: empty */
	uint64_t free_blocks[ZONE_COUNT][ORDER_MAX + 1];
	uint64_t managed[ZONE_COUNT];                    /* pages */
	uint32_t partial[32];                            /* kmalloc cache: first slab with a free object */
	uint64_t slab_count[32], slab_used[32];          /* kmalloc cache: slabs, objects handed out */
	struct vm_area area[VM_AREAS_MAX];
	struct resource resource[RESOURCES_MAX];
	uint64_t dma_mask[DEVICE_MAX];                   /* per device: *dev->dma_mask */
};

void kernel_init(struct kernel *k, struct hw *hw);   /* boots: zones, reserved memory, resources */
void kernel_release(struct kernel *k);
void kernel_copy(struct kernel *to, const struct kernel *from, struct hw *hw);

/* Log line `what` with up to three numbers. */
void kernel_log(struct kernel *k, enum klog what, uint64_t x, uint64_t y, uint64_t z);

/* Tell an event at the present cycle. Returns its number. */
uint64_t kernel_tell(struct kernel *k, const struct event *e);

/* What follows is the doing of event `cause`. Returns the cause until now, to be put back. */
uint64_t kernel_cause(struct kernel *k, uint64_t cause);

/* The kernel's own memset, for zeroing and poison. The range is mapped. */
void kernel_fill(struct kernel *k, vaddr_t va, uint8_t byte, uint64_t n);

/* A block of memory, as the events of lane MEMORY tell it. */
struct block {
	enum mem_kind kind;
	vaddr_t va;
	paddr_t pa;
	uint64_t asked, size;    /* bytes wanted, bytes usable */
};

/* mem.alloc, and the zeroing if __GFP_ZERO asks for it; mem.free; mem.bad_free. */
void kernel_zero(struct kernel *k, const struct block *b);   /* __GFP_ZERO */
void kernel_tell_alloc(struct kernel *k, const struct block *b, uint32_t gfp);
uint64_t kernel_tell_free(struct kernel *k, const struct block *b);
void kernel_tell_bad_free(struct kernel *k, enum mem_kind kind, vaddr_t va, enum bad_free why);

/* A size for an event, which has 32 bits for it. */
static inline uint32_t event_size(uint64_t size)
{
	return (uint32_t)min_u64(size, UINT32_MAX);
}
