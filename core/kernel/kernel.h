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
#define SWIOTLB_AREAS_MAX 64
#define LOCKS_MAX     8      /* spinlocks held at a time */

/* include/linux/gfp_types.h, the bits that mean something here. */
enum gfp {
	GFP_DMA     = 0x01,      /* __GFP_DMA: ZONE_DMA only */
	/* __GFP_HIGHMEM: nothing here, where all RAM is in the linear map */
	GFP_HIGHMEM = 0x02,
	GFP_DMA32   = 0x04,      /* __GFP_DMA32: ZONE_DMA32 or below */
	GFP_ZERO    = 0x100,     /* __GFP_ZERO */
	GFP_DIRECT_RECLAIM = 0x400,    /* __GFP_DIRECT_RECLAIM: may wait until there is memory */
	GFP_NOWARN  = 0x2000,    /* __GFP_NOWARN: no kernel.log when it fails */
	GFP_COMP    = 0x40000,   /* __GFP_COMP: a compound page; the DMA API hands out none */
	GFP_ATOMIC  = 0x820,     /* may not sleep */
	GFP_NOWAIT  = 0x2800,    /* the same, without the last reserves, and quiet */
	GFP_NOIO    = 0xc00,     /* may sleep, as the next three; starts no I/O to get memory */
	GFP_NOFS    = 0xc40,     /* calls no file system for it */
	GFP_KERNEL  = 0xcc0,
	GFP_USER    = 0x100cc0,  /* for memory that user space sees */
};

/*
 * include/linux/dma-mapping.h, the attributes that mean something here: the last argument of the
 * calls that end in _attrs.
 */
enum dma_attr {
	DMA_ATTR_WEAK_ORDERING      = 1u << 1,    /* taken, does nothing here */
	DMA_ATTR_WRITE_COMBINE      = 1u << 2,    /* alloc: the CPU's stores may wait and merge */
	DMA_ATTR_NO_KERNEL_MAPPING  = 1u << 4,    /* alloc: the CPU gets a cookie, not an address */
	/* no cache operation, no copy back from a bounce buffer */
	DMA_ATTR_SKIP_CPU_SYNC      = 1u << 5,
	DMA_ATTR_FORCE_CONTIGUOUS   = 1u << 6,    /* alloc: one block of RAM even behind an IOMMU */
	DMA_ATTR_ALLOC_SINGLE_PAGES = 1u << 7,    /* taken, does nothing here */
	DMA_ATTR_NO_WARN            = 1u << 8,    /* no line in the log when there is no room */
	DMA_ATTR_PRIVILEGED         = 1u << 9,    /* taken, does nothing here */
	/* these are another device's registers, not RAM */
	DMA_ATTR_MMIO               = 1u << 10,
	/* the driver looks after lines that several of its mappings share: nobody is to complain */
	DMA_ATTR_DEBUGGING_IGNORE_CACHELINES = 1u << 11,
	DMA_ATTR_REQUIRE_COHERENT   = 1u << 12,   /* fail rather than bounce or touch the caches */
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
	bool once;               /* only the first one until the next boot is said */
	const char *level;       /* "warn" */
	const char *format;      /* {x} {y} {z} stand for the event's fields */
};

extern const struct klog_info klog_info[KLOG_COUNT];

/* What a page frame is used for. */
enum frame_kind { FRAME_ABSENT, FRAME_RESERVED, FRAME_FREE, FRAME_TAIL, FRAME_PAGES, FRAME_SLAB,
		  FRAME_KMALLOC, FRAME_VMALLOC, FRAME_COHERENT, FRAME_DMA };

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
	/* kind of the last block freed here: tells a double free from nonsense */
	uint8_t was;
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

/* A part of the bounce pool that is searched by itself, from where the last search ended. */
struct swiotlb_area {
	uint32_t used;           /* slots */
	uint32_t next;           /* counted from the area's first slot */
};

/* The bounce pool; swiotlb.h says what it is for. */
struct swiotlb {
	paddr_t start;
	uint32_t slot_count;     /* of 2 KiB; 0: there is no pool */
	uint32_t area_count, area_slots;
	uint32_t used, hiwater;  /* slots now, and the most there ever were */
	struct swiotlb_area area[SWIOTLB_AREAS_MAX];
	struct cow slots;        /* struct swiotlb_slot, a set of them each leaf */
};

#define FLUSH_QUEUE 256              /* IOVA_DEFAULT_FQ_SIZE */

/* A range of a device's I/O virtual addresses. */
struct iova_range {
	uint32_t dev;
	dma_addr_t dma;
	uint64_t pages;
};

/*
 * Which I/O virtual addresses are taken (iova.h), and those unmapped that the IOTLB may still
 * remember (iommu.h).
 */
struct iova {
	struct cow pages;
	struct iova_range queue[FLUSH_QUEUE];
	uint32_t queued;
	uint64_t flush_at;           /* the cycle at which the queue has waited long enough */
};

#define COHERENT_REGION_PAGES 1024    /* largest region of one device's own, 4 MiB */

/*
 * Memory given to one device (dma_declare_coherent_memory):
 * its dma_alloc_coherent is served from it.
 */
struct coherent_region {
	paddr_t pa;
	dma_addr_t dma;          /* as the device sees it */
	vaddr_t va;
	uint32_t pages;          /* 0: there is none */
	uint64_t used[COHERENT_REGION_PAGES / 64];    /* one bit a page */
};

/* What a driver said its device can do (struct device: dma_mask, dma_parms, dma_mem). */
struct device_dma {
	uint64_t mask;           /* highest bus address of streaming mappings, as a mask */
	uint64_t coherent_mask;  /* the same for allocations */
	uint32_t max_segment;    /* bytes; dma_set_max_seg_size */
	/* mask: no segment crosses a multiple of it plus 1; ~0: no such limit */
	uint64_t seg_boundary;
	uint64_t min_align_mask; /* bits of an address that stay as they are when it is bounced */
	struct coherent_region region;
};

#define DEVRES_MAX 64

/* A dmam_alloc_coherent: given back when the driver leaves its device (devres). */
struct devres {
	uint32_t dev;
	vaddr_t va;              /* 0: the slot is free */
	dma_addr_t dma;
	uint64_t size;
};

#define POOLS_MAX       64
#define POOL_CHUNKS_MAX 16384
#define CHUNKS_PER_LEAF 64
#define POOL_NAME       16       /* bytes of a pool's name that are kept */

/* A DMA pool; pool.h says what it is for. */
struct pool {
	uint32_t number;         /* counted from 1, never used again; 0: the slot is free */
	uint32_t dev;
	uint32_t size, chunk_size, boundary;     /* bytes: of a block, of a chunk of them */
	uint32_t chunk;          /* the newest of its chunks; 0: none */
	uint32_t chunks;
	bool managed;            /* goes when the driver leaves its device (devres) */
	uint64_t blocks, active; /* active: handed out, as the calls have it: frees are not checked */
	vaddr_t next;            /* first free block; the others hang on it, inside the blocks */
	uint64_t name[POOL_NAME / 8];    /* least significant byte first */
};

/* Coherent memory that a pool is made of. Known by a number from 1; 0 is none. */
struct pool_chunk {
	vaddr_t va;
	dma_addr_t dma;
	uint32_t next;           /* the chunk its pool got before, or the next unused one */
};

struct pools {
	struct pool pool[POOLS_MAX];
	uint32_t made;           /* pools there have been */
	uint32_t chunk_end;      /* chunks from here on have never been used */
	uint32_t chunk_unused;   /* first chunk given back */
	struct cow chunks;       /* struct pool_chunk, CHUNKS_PER_LEAF each leaf */
};

#define DRIVER_NAME 25           /* bytes of a driver's name, its end included */

/* One device's interrupt as the kernel sees it (struct irq_desc). */
struct irq_line {
	uint32_t depth;          /* disable_irq without its enable_irq; 0: it may interrupt */
	uint32_t runs;           /* of the handler since the line was down */
	uint64_t count;          /* of the handler in all */
	char name[NAME_MAX_LEN];
};

/* What the CPU is doing; context.h says what it means. */
struct cpu_context {
	uint32_t preempt_off;    /* preempt_disable without its preempt_enable */
	uint32_t locks;          /* spinlocks held, by name */
	char lock[LOCKS_MAX][NAME_MAX_LEN];
	bool irqs_off, in_handler;
	uint32_t handler;        /* in_handler: whose */
	uint32_t requested;      /* lines with a handler: a bit a device */
	uint32_t managed;        /* of them those of devm_request_irq */
	struct irq_line line[DEVICE_MAX];
};

struct kernel {
	struct hw *hw;              /* wired */
	struct cow frames;          /* struct frame, FRAMES_PER_LEAF each leaf */
	struct cow slabs;           /* struct slab, SLABS_PER_LEAF each leaf, by pfn */
	struct cow vm_starts;       /* a bit a page: a vmalloc area began here once */
	uint32_t free_list[ZONE_COUNT][ORDER_MAX + 1];   /* first block, as pfn; 0: empty */
	uint64_t free_blocks[ZONE_COUNT][ORDER_MAX + 1];
	uint64_t managed[ZONE_COUNT];                    /* pages */
	uint32_t partial[32];                    /* kmalloc cache: first slab with a free object */
	uint64_t slab_count[32], slab_used[32];  /* kmalloc cache: slabs, objects handed out */
	struct vm_area area[VM_AREAS_MAX];
	struct resource resource[RESOURCES_MAX];
	paddr_t reserved_end;       /* image and bounce pool: nobody is given RAM below */
	struct swiotlb swiotlb;
	struct {
		vaddr_t va;         /* 0: nobody has asked for it yet */
		uint64_t used;      /* bytes, from the top */
	} stack;
	struct iova iova;
	struct device_dma device_dma[DEVICE_MAX];
	struct devres devres[DEVRES_MAX];
	struct pools pools;

	char driver[DEVICE_MAX][DRIVER_NAME];    /* the driver a device has, "" for none */
	struct cpu_context context;
	struct { uint64_t start, pages; } cma;       /* frames; contiguous.h */
	struct coherent_region atomic_pool;          /* atomic_pool.h */
	bool said[KLOG_COUNT];                       /* lines that come once, and have come */
};

void kernel_init(struct kernel *k, struct hw *hw);   /* boots: zones, reserved memory, resources */
void kernel_release(struct kernel *k);
void kernel_copy(struct kernel *to, const struct kernel *from, struct hw *hw);

/* Log line `what` with up to three numbers. */
void kernel_log(struct kernel *k, enum klog what, uint64_t x, uint64_t y, uint64_t z);

/* The same about a device (dev_warn, dev_err): its driver's name and its own stand in front. */
void kernel_dev_log(struct kernel *k, uint32_t dev, enum klog what, uint64_t x, uint64_t y,
		    uint64_t z);

/* Tell an event at the present cycle. Returns its number. */
uint64_t kernel_tell(struct kernel *k, const struct event *e);

/* What follows is the doing of event `cause`. Returns the cause until now, to be put back. */
uint64_t kernel_cause(struct kernel *k, uint64_t cause);

/*
 * What the CPU touches from here on is the kernel's own doing (on) or the driver's, and told so.
 * Returns what held until now, to be put back.
 */
static inline bool kernel_at_work(struct kernel *k, bool on)
{
	bool before = k->hw->kernel_at_work;

	k->hw->kernel_at_work = on;
	return before;
}

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
