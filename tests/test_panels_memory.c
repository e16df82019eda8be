/* What the panels of RAM, of stand-ins and of devices draw, from events made by hand. */
#include "harness.h"

#include "viz/buffer_strip.h"
#include "viz/open_page.h"
#include "viz/picture.h"

#define PAGES  64
#define OFFSET 0x80000000u

static struct model model;
static struct scene scene;
static struct look look;
static struct picture picture;
static struct trace trace;

static uint64_t happens(struct event e)
{
	uint64_t seq = trace_append(&trace, 0, &e);

	model_event(&model, &trace, trace_at(&trace, seq));
	return seq;
}

/* A board with so many pages of RAM, and one level of cache: 4 sets of 2 ways of 16 bytes. */
static void machine_on(uint64_t pages)
{
	trace_release(&trace);
	trace_init(&trace);
	happens((struct event){ .kind = EV_MACHINE, .addr = pages << PAGE_SHIFT, .addr2 = OFFSET,
		.value = UINT64_MAX, .size = 16, .a = 1, .unit = 4 });
	happens((struct event){ .kind = EV_MACHINE_CACHE, .size = 4, .a = 2, .unit = 1 });
	happens((struct event){ .kind = EV_MACHINE_CHECKER, .size = 64 });
}

static int on(void **state)
{
	(void)state;
	trace_init(&trace);
	model_init(&model);
	scene_init(&scene);
	look = look_default();
	picture = (struct picture){ .scene = &scene, .model = &model, .look = &look };
	machine_on(PAGES);
	return 0;
}

static int off(void **state)
{
	(void)state;
	scene_release(&scene);
	model_release(&model);
	trace_release(&trace);
	return 0;
}

static uint64_t allocate(enum mem_kind kind, uint64_t pa, uint64_t asked, uint64_t size)
{
	return happens((struct event){ .kind = EV_MEM_ALLOC, .addr = LINEAR_BASE + pa, .addr2 = pa,
		.value = asked, .size = (uint32_t)size, .a = kind });
}

/* A vmalloc area of the pages in this order. */
static void allocate_scattered(const uint64_t *pfn, uint32_t n)
{
	uint64_t cause = happens((struct event){ .kind = EV_MEM_ALLOC, .addr = VMALLOC_BASE,
		.addr2 = pfn[0] << PAGE_SHIFT, .value = n * PAGE_SIZE,
		.size = (uint32_t)(n * PAGE_SIZE), .a = MEM_VMALLOC });

	for (uint32_t i = 0; i < n; i++)
		happens((struct event){ .kind = EV_VM_MAP, .addr = VMALLOC_BASE + i * PAGE_SIZE,
			.addr2 = pfn[i] << PAGE_SHIFT, .size = PAGE_SIZE, .cause = cause });
}

static uint64_t map(uint64_t pa, uint64_t size, enum direction dir)
{
	return happens((struct event){ .kind = EV_DMA_MAP, .addr = pa + OFFSET, .addr2 = pa,
		.value = LINEAR_BASE + pa, .size = (uint32_t)size, .a = dir });
}

static void device_writes(uint64_t pa, uint64_t value)
{
	uint64_t cause = happens((struct event){ .kind = EV_DEV_START, .addr = pa + OFFSET,
		.size = 8, .a = DMA_FROM_DEVICE });

	happens((struct event){ .kind = EV_DEV_WRITE, .addr = pa + OFFSET, .addr2 = pa,
		.value = value, .size = 8, .cause = cause });
}

static void cpu_stores(uint64_t pa, uint64_t value)
{
	uint64_t line = round_down(pa, 16);

	happens((struct event){ .kind = EV_CACHE_FILL, .addr = line, .size = 16,
		.a = (line >> 4) & 3, .unit = 1 });
	happens((struct event){ .kind = EV_CPU_STORE, .addr = LINEAR_BASE + pa, .addr2 = pa,
		.value = value, .size = 8, .a = AT_L1 });
}

static void draw(void (*panel)(const struct picture *, struct box), float w, float h)
{
	scene_clear(&scene, w, h);
	panel(&picture, (struct box){ 0, 0, w, h });
}

/* A text that begins like this, or NULL. */
static const struct prim *text(const char *begin)
{
	for (uint32_t i = 0; i < scene.count; i++)
		if (scene.prim[i].shape == SHAPE_TEXT &&
		    !strncmp(scene_words(&scene, &scene.prim[i]), begin, strlen(begin)))
			return &scene.prim[i];
	return NULL;
}

/* Rectangle number n of this thing, NULL when there are not so many. */
static const struct prim *rect(enum thing_kind kind, uint64_t id, uint32_t n)
{
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		if (p->shape == SHAPE_RECT && p->thing.kind == kind && p->thing.id == id && !n--)
			return p;
	}
	return NULL;
}

/* Where the line of the strip that stands for this page ends. */
static float line_end(uint64_t pfn)
{
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		if (p->shape == SHAPE_LINE && p->thing.kind == THING_PAGE && p->thing.id == pfn)
			return p->box.x + p->box.w;
	}
	fail_msg("no line to page %llu", (unsigned long long)pfn);
	return 0;
}

static bool spans(const struct prim *p, float x)
{
	return x > p->box.x && x < p->box.x + p->box.w;
}

/* The cell of the lower row of the strip: the second rectangle of the page. */
static void assert_joined(uint64_t pfn)
{
	const struct prim *below = rect(THING_PAGE, pfn, 1);

	assert_non_null(below);
	assert_true(spans(below, line_end(pfn)));
}

static void pages_of_kmalloc_are_joined_to_neighbours(void **state)
{
	(void)state;
	allocate(MEM_KMALLOC, 0x8000, 12000, 16384);
	draw(panel_ram, 340, 420);
	for (uint64_t pfn = 8; pfn < 11; pfn++)
		assert_joined(pfn);
	assert_true(line_end(8) < line_end(9) && line_end(9) < line_end(10));
	assert_float_equal(line_end(9) - line_end(8), line_end(10) - line_end(9), 0.1);
	assert_non_null(text("together"));
	assert_null(text("a device past page 0"));
}

static void pages_of_vmalloc_are_joined_to_where_they_lie(void **state)
{
	static const uint64_t pfn[] = { 20, 9, 30 };

	(void)state;
	allocate_scattered(pfn, 3);
	draw(panel_ram, 340, 420);
	for (uint32_t i = 0; i < 3; i++)
		assert_joined(pfn[i]);
	assert_true(line_end(9) < line_end(20) && line_end(20) < line_end(30));
	assert_null(text("together"));
}

static void the_page_behind_vmallocs_first_has_a_warning(void **state)
{
	static const uint64_t pfn[] = { 20, 9, 30 };

	(void)state;
	allocate(MEM_PAGES, 21 << PAGE_SHIFT, PAGE_SIZE, PAGE_SIZE);
	allocate_scattered(pfn, 3);
	draw(panel_ram, 340, 420);
	assert_int_equal(rect(THING_PAGE, 21, 0)->fill, ROLE_WARN);
	assert_int_equal(rect(THING_PAGE, 21, 1)->fill, ROLE_WARN);
	assert_non_null(text("a device past page 0 hits 15: pages"));
}

static void vmalloc_that_happens_to_lie_together_warns_of_nothing(void **state)
{
	static const uint64_t pfn[] = { 20, 21 };

	(void)state;
	allocate_scattered(pfn, 2);
	draw(panel_ram, 340, 420);
	assert_int_not_equal(rect(THING_PAGE, 22, 0)->fill, ROLE_WARN);
	assert_null(text("a device past page 0"));
}

static void the_strip_shows_the_newest_buffer_unless_another_is_chosen(void **state)
{
	(void)state;
	allocate(MEM_KMALLOC, 0x8000, 8192, 8192);
	allocate(MEM_KMALLOC, 0x10000, 8192, 8192);
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	assert_int_equal(buffer_strip_pick(&picture).piece[0].pfn, 0x10);
	look.selected = thing_of(THING_PAGE, 0, 9);
	assert_int_equal(buffer_strip_pick(&picture).piece[0].pfn, 8);
}

static void a_scatterlist_shows_each_segment_where_it_is(void **state)
{
	uint64_t list;
	struct buffer_strip strip;

	(void)state;
	list = happens((struct event){ .kind = EV_DMA_MAP_SG, .size = 2, .a = DMA_TO_DEVICE,
		.b = 2 });
	for (uint64_t pa = 0x8000; pa <= 0xc000; pa += 0x4000)
		happens((struct event){ .kind = EV_DMA_MAP, .addr = pa + OFFSET, .addr2 = pa,
			.size = 2 * PAGE_SIZE, .a = DMA_TO_DEVICE, .b = FORM_SG, .cause = list });
	strip = buffer_strip_pick(&picture);
	assert_int_equal(strip.kind, STRIP_LIST);
	assert_int_equal(strip.count, 4);
	assert_int_equal(strip.piece[1].pfn, 9);
	assert_int_equal(strip.piece[1].number, 0);
	assert_int_equal(strip.piece[2].pfn, 12);
	assert_int_equal(strip.piece[2].number, 1);
}

/* Map or unmap line i of page 1. */
static void single(enum event_kind kind, uint64_t i)
{
	happens((struct event){ .kind = (uint16_t)kind, .addr = 0x1000 + 16 * i + OFFSET,
		.addr2 = 0x1000 + 16 * i, .size = 16, .a = DMA_TO_DEVICE });
}

/* The slots of mappings that ended are used again, in the order in which they ended. */
static void segments_count_as_they_were_mapped(void **state)
{
	struct buffer_strip strip;
	uint64_t list;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		single(EV_DMA_MAP, i);
	for (uint64_t i = 100; i-- > 0;)
		single(EV_DMA_UNMAP, i);
	list = happens((struct event){ .kind = EV_DMA_MAP_SG, .size = 4, .a = DMA_TO_DEVICE,
		.b = 4 });
	for (uint64_t pa = 0x8000; pa < 0x10000; pa += 0x2000)
		happens((struct event){ .kind = EV_DMA_MAP, .addr = pa + OFFSET, .addr2 = pa,
			.size = PAGE_SIZE, .a = DMA_TO_DEVICE, .b = FORM_SG, .cause = list });
	strip = buffer_strip_pick(&picture);
	assert_int_equal(strip.count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(strip.piece[i].number, i);
		assert_int_equal(strip.piece[i].pfn, 8 + 2 * i);
	}
}

static void a_page_the_device_owns_has_a_double_border(void **state)
{
	(void)state;
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	draw(panel_ram, 340, 420);
	assert_false(rect(THING_PAGE, 5, 2)->marks & MARK_DOUBLE);
	map(0x5000, 64, DMA_FROM_DEVICE);
	draw(panel_ram, 340, 420);
	assert_true(rect(THING_PAGE, 5, 3)->marks & MARK_DOUBLE);
	assert_int_equal(rect(THING_PAGE, 5, 3)->edge, ROLE_DEVICE);
	look.filtered = 1u << LEGEND_OWNED;
	draw(panel_ram, 340, 420);
	assert_true(rect(THING_PAGE, 5, 3)->marks & MARK_FADED);
}

static void bytes_of_which_a_newer_copy_is_in_a_cache_are_behind(void **state)
{
	(void)state;
	cpu_stores(0x5000, 0x1111);
	draw(panel_ram, 340, 420);
	assert_int_equal(rect(THING_BYTE, 0x5007, 0)->fill, ROLE_STALE);
	assert_int_equal(rect(THING_BYTE, 0x5008, 0)->fill, ROLE_FRESH);
	assert_int_equal(rect(THING_PAGE, 5, 0)->fill, ROLE_STALE);
	assert_int_not_equal(rect(THING_PAGE, 6, 0)->fill, ROLE_STALE);
}

static void what_was_just_written_has_its_writers_border(void **state)
{
	bool found = false;

	(void)state;
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	map(0x5000, 64, DMA_FROM_DEVICE);
	device_writes(0x5008, 0x2222);
	draw(panel_ram, 340, 420);
	for (uint32_t i = 0; i < scene.count; i++)
		found |= scene.prim[i].edge == ROLE_DEVICE && scene.prim[i].marks == MARK_BOLD;
	assert_true(found);
	assert_non_null(text("22"));
}

static void the_open_page_follows_what_happens_and_what_is_chosen(void **state)
{
	(void)state;
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	assert_int_equal(open_page_focus(&picture), 0x5000);
	cpu_stores(0x7010, 1);
	assert_int_equal(open_page_focus(&picture), 0x7010);
	map(0x5000, 64, DMA_FROM_DEVICE);
	device_writes(0x5008, 2);
	assert_int_equal(open_page_focus(&picture) >> PAGE_SHIFT, 5);
	happens((struct event){ .kind = EV_CPU_LOAD, .addr = 0xffffc00010000000,
		.addr2 = 0x40000000, .size = 4, .a = AT_DEVICE });
	assert_int_equal(open_page_focus(&picture) >> PAGE_SHIFT, 5);
	look.byte = 0x9001;
	assert_int_equal(open_page_focus(&picture), 0x9001);
	look.selected = thing_of(THING_PAGE, 0, 12);
	assert_int_equal(open_page_focus(&picture), 0xc000);
}

static void pages_nobody_watches_show_no_bytes(void **state)
{
	(void)state;
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	draw(panel_ram, 340, 420);
	assert_non_null(text("00"));
	happens((struct event){ .kind = EV_WATCH, .addr = 0x5000, .size = PAGE_SIZE });
	draw(panel_ram, 340, 420);
	assert_null(text("00"));
	assert_non_null(text("accesses to this page are not watched"));
}

static void bounce(void)
{
	happens((struct event){ .kind = EV_BOUNCE_POOL, .addr = 0x10000, .size = 0x8000, .a = 16,
		.b = 1 });
	allocate(MEM_KMALLOC, 0x5000, 64, 64);
	happens((struct event){ .kind = EV_BOUNCE_MAP, .addr = 0x5000, .addr2 = 0x10000,
		.value = 0x10000 + OFFSET, .size = 64, .a = 1, .b = 1 });
}

static void a_bounced_buffer_shows_its_slot_and_which_copy_is_newer(void **state)
{
	(void)state;
	bounce();
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("slot 10000"));
	assert_non_null(text("for 5000"));
	assert_non_null(text("1/16 slots"));
	assert_non_null(text("equal"));
	device_writes(0x10000, 0x2222);
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("slot newer"));
	draw(panel_ram, 340, 420);
	assert_non_null(text("stands in for 0x5000"));
	cpu_stores(0x5000, 0x3333);
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("buffer newer"));
}

static void a_chosen_stand_in_is_joined_to_its_page(void **state)
{
	const struct prim *last;

	(void)state;
	bounce();
	scene_clear(&scene, 500, 420);
	panel_ram(&picture, (struct box){ 0, 0, 340, 420 });
	panel_stand_in(&picture, (struct box){ 350, 0, 140, 420 });
	last = NULL;
	for (uint32_t i = 0; i < scene.count; i++)
		if (scene.prim[i].shape == SHAPE_LINE && scene.prim[i].thing.kind == THING_STAND_IN)
			last = &scene.prim[i];
	assert_non_null(last);
	assert_true(last->box.x >= 350);
	assert_true(last->box.x + last->box.w < 340);
}

static void of_many_stand_ins_the_chosen_one_is_shown(void **state)
{
	uint64_t chosen = 0;

	(void)state;
	happens((struct event){ .kind = EV_MACHINE_IOMMU });
	for (uint64_t i = 0; i < 40; i++) {
		uint64_t made = happens((struct event){ .kind = EV_IOMMU_MAP, .size = PAGE_SIZE,
			.addr = 0xf00000 + i * PAGE_SIZE, .addr2 = (i + 10) << PAGE_SHIFT });

		chosen = i == 33 ? made : chosen;
	}
	draw(panel_stand_in, 130, 420);
	assert_null(rect(THING_STAND_IN, chosen, 0));
	assert_non_null(text("1 to 5 of 40"));
	look.selected = thing_of(THING_STAND_IN, 0, chosen);
	draw(panel_stand_in, 130, 420);
	assert_non_null(rect(THING_STAND_IN, chosen, 0));
	look.zoom[PANEL_STAND_IN].scroll = 1;
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("36 to 40 of 40"));
}

static void a_removed_entry_stays_until_the_iotlb_forgets_it(void **state)
{
	(void)state;
	happens((struct event){ .kind = EV_MACHINE_IOMMU });
	happens((struct event){ .kind = EV_IOMMU_MAP, .addr = 0xfff000, .addr2 = 0x5000,
		.size = PAGE_SIZE, .a = IOMMU_READ });
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("bus fff000"));
	assert_non_null(text("read"));
	happens((struct event){ .kind = EV_IOMMU_UNMAP, .addr = 0xfff000, .size = PAGE_SIZE });
	draw(panel_stand_in, 130, 420);
	assert_non_null(text("removed"));
	happens((struct event){ .kind = EV_IOTLB_FLUSH, .addr = 0xfff000, .size = PAGE_SIZE });
	draw(panel_stand_in, 130, 420);
	assert_null(text("bus fff000"));
	assert_non_null(text("no entries"));
}

static void the_device_that_acted_last_is_open_the_others_have_a_line(void **state)
{
	uint64_t start;

	(void)state;
	draw(panel_device, 170, 420);
	assert_non_null(text("no device"));
	happens((struct event){ .kind = EV_MMIO_WRITE, .addr = 0x40000098, .value = 3, .size = 4 });
	start = happens((struct event){ .kind = EV_DEV_START, .addr = OFFSET, .size = 16,
		.a = DMA_TO_DEVICE, .unit = 1 });
	happens((struct event){ .kind = EV_DEV_READ, .addr = OFFSET, .value = 0x41, .size = 8,
		.unit = 1, .cause = start });
	draw(panel_device, 170, 420);
	assert_non_null(text("nic, busy"));
	assert_non_null(text("reads 8 of 16"));
	assert_non_null(text("it has read"));
	assert_non_null(text("41"));
	assert_non_null(text("edu: idle"));
	look.selected = thing_of(THING_DEVICE, 0, 0);
	draw(panel_device, 170, 420);
	assert_non_null(text("register 98"));
	assert_non_null(text("CPU wrote 0x3"));
}

static void an_interrupt_and_a_ring_are_told(void **state)
{
	(void)state;
	happens((struct event){ .kind = EV_DEV_RING, .addr = 0x1000, .size = 64, .a = 1,
		.unit = 1 });
	happens((struct event){ .kind = EV_DEV_GIVE, .addr = 0x1010, .addr2 = 0x101c, .size = 16,
		.unit = 1 });
	happens((struct event){ .kind = EV_IRQ_RAISE, .unit = 1 });
	draw(panel_device, 170, 420);
	assert_non_null(text("ring 0x1000+40"));
	assert_non_null(text("gave 0x1010"));
	assert_non_null(text("OWN: the CPU's"));
	assert_non_null(text("interrupt up"));
}

static bool overlap(struct box a, struct box b)
{
	return a.x + 0.5f < b.x + b.w && b.x + 0.5f < a.x + a.w && a.y + 0.5f < b.y + b.h &&
	       b.y + 0.5f < a.y + a.h;
}

/* Letters are a little lower than their box. */
static struct box body(const struct prim *p)
{
	return (struct box){ p->box.x, p->box.y + p->box.h * 0.1f, p->box.w, p->box.h * 0.8f };
}

static void assert_readable(float w, float h)
{
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];
		struct box b = p->box;

		assert_true(b.w == b.w && b.h == b.h && b.x == b.x && b.y == b.y);
		assert_true(p->shape == SHAPE_LINE || (b.w >= 0 && b.h >= 0));
		if (p->shape != SHAPE_TEXT)
			continue;
		assert_true(p->size >= TEXT_MIN);
		if (b.x < -0.5f || b.x + b.w > w + 0.5f || b.y < -0.5f || b.y + b.h > h + 0.5f)
			fail_msg("outside %gx%g: %s", (double)w, (double)h, scene_words(&scene, p));
		for (uint32_t k = 0; k < i; k++)
			if (scene.prim[k].shape == SHAPE_TEXT &&
			    overlap(body(&scene.prim[k]), body(p)))
				fail_msg("%gx%g: %s over %s", (double)w, (double)h,
					 scene_words(&scene, p),
					 scene_words(&scene, &scene.prim[k]));
	}
}

static void much_happens(uint64_t pages)
{
	static const uint64_t pfn[] = { 20, 9, 30, 31, 12, 50, 52, 54 };

	machine_on(pages);
	bounce();
	happens((struct event){ .kind = EV_IOMMU_MAP, .addr = 0xfffff000, .addr2 = 0x6000,
		.size = PAGE_SIZE, .a = IOMMU_READ, .unit = 1 });
	allocate_scattered(pfn, 8);
	map(0x5000, 40, DMA_FROM_DEVICE);
	cpu_stores(0x5000, 0x1111111111111111);
	happens((struct event){ .kind = EV_MMIO_WRITE, .addr = 0x40100098, .unit = 1,
		.value = 0x1234567890123456, .size = 8 });
	happens((struct event){ .kind = EV_DEV_BUFFER, .addr = 200, .value = ~(uint64_t)0,
		.size = 8 });
	device_writes(0x5008, ~(uint64_t)0);
	happens((struct event){ .kind = EV_IRQ_RAISE });
}

static void texts_fit_at_any_size(void **state)
{
	static void (*const panels[])(const struct picture *, struct box) = {
		panel_ram, panel_stand_in, panel_device
	};

	(void)state;
	for (uint64_t pages = PAGES; pages <= 8192; pages *= 128) {
		much_happens(pages);
		for (float w = 20; w < 700; w = w * 1.3f + 3)
			for (float h = 10; h < 900; h = h * 1.4f + 7)
				for (uint32_t i = 0; i < 6; i++) {
					look.text = i < 3 ? TEXT_ORDINARY : TEXT_LARGE;
					draw(panels[i % 3], w, h);
					assert_readable(w, h);
				}
	}
}

static void draw_all(void)
{
	draw(panel_ram, 340, 420);
	draw(panel_stand_in, 120, 420);
	draw(panel_device, 160, 420);
}

static void what_lies_outside_of_ram_harms_nobody(void **state)
{
	static const uint64_t far[] = { (PAGES - 1) << PAGE_SHIFT, PAGES << PAGE_SHIFT,
		(uint64_t)1 << 40, ~(uint64_t)0 - 4095 };
	uint64_t list;

	(void)state;
	happens((struct event){ .kind = EV_BOUNCE_POOL, .addr = 0x30000, .size = 0x80000000 });
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
		look.byte = far[i];
		allocate(MEM_KMALLOC, far[i], 3 * PAGE_SIZE, 4 * PAGE_SIZE);
		draw_all();
		map(far[i], 3 * PAGE_SIZE, DMA_FROM_DEVICE);
		list = happens((struct event){ .kind = EV_DMA_MAP_SG, .size = 1, .b = 1 });
		happens((struct event){ .kind = EV_DMA_MAP, .addr = far[i], .addr2 = far[i],
			.size = 3 * PAGE_SIZE, .b = FORM_SG, .cause = list });
		happens((struct event){ .kind = EV_BOUNCE_MAP, .addr = far[i], .addr2 = far[3 - i],
			.value = far[i], .size = UINT32_MAX, .a = 1, .b = 1 });
		draw_all();
	}
}

static void a_model_of_nothing_can_be_drawn(void **state)
{
	(void)state;
	model_release(&model);
	model_init(&model);
	draw(panel_ram, 300, 400);
	draw(panel_stand_in, 120, 400);
	draw(panel_device, 120, 400);
	assert_readable(300, 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, on, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_of_kmalloc_are_joined_to_neighbours),
		TEST(pages_of_vmalloc_are_joined_to_where_they_lie),
		TEST(the_page_behind_vmallocs_first_has_a_warning),
		TEST(vmalloc_that_happens_to_lie_together_warns_of_nothing),
		TEST(the_strip_shows_the_newest_buffer_unless_another_is_chosen),
		TEST(a_scatterlist_shows_each_segment_where_it_is),
		TEST(segments_count_as_they_were_mapped),
		TEST(a_page_the_device_owns_has_a_double_border),
		TEST(bytes_of_which_a_newer_copy_is_in_a_cache_are_behind),
		TEST(what_was_just_written_has_its_writers_border),
		TEST(the_open_page_follows_what_happens_and_what_is_chosen),
		TEST(pages_nobody_watches_show_no_bytes),
		TEST(a_bounced_buffer_shows_its_slot_and_which_copy_is_newer),
		TEST(a_chosen_stand_in_is_joined_to_its_page),
		TEST(of_many_stand_ins_the_chosen_one_is_shown),
		TEST(a_removed_entry_stays_until_the_iotlb_forgets_it),
		TEST(the_device_that_acted_last_is_open_the_others_have_a_line),
		TEST(an_interrupt_and_a_ring_are_told),
		TEST(texts_fit_at_any_size),
		TEST(what_lies_outside_of_ram_harms_nobody),
		TEST(a_model_of_nothing_can_be_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
