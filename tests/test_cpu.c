#include "hw_rig.h"

/* On the tiny board: 64 pages of RAM, lines of 16 bytes. */
#define LINE     16u
#define RAM_END  (256 * KIB)
#define LINEAR(pa) (LINEAR_BASE + (pa))

/* Two views of one page beside the linear map, and two pages in a row made of far apart frames. */
#define UNCACHED (VMALLOC_BASE)
#define COMBINED (VMALLOC_BASE + 2 * PAGE_SIZE)
#define APART    (VMALLOC_BASE + 4 * PAGE_SIZE)
#define NOTHING  (IOREMAP_BASE)
#define BAR      (IOREMAP_BASE + 2 * PAGE_SIZE)
#define VIEWED   ((paddr_t)0x8000)
#define FIRST    ((paddr_t)0x9000)
#define SECOND   ((paddr_t)0x5000)

static struct rig *cpu_on(struct board b)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, UNCACHED, VIEWED, ATTR_UNCACHED);
	mmu_map(&r->hw.mmu, COMBINED, VIEWED, ATTR_WRITE_COMBINE);
	mmu_map(&r->hw.mmu, APART, FIRST, ATTR_CACHED);
	mmu_map(&r->hw.mmu, APART + PAGE_SIZE, SECOND, ATTR_CACHED);
	mmu_map(&r->hw.mmu, NOTHING, 0x3ffff000, ATTR_DEVICE);
	mmu_map(&r->hw.mmu, BAR, hw_device_bar(0), ATTR_DEVICE);
	return r;
}

struct translation {
	vaddr_t va;
	enum status status;
	paddr_t pa;
	enum attr attr;
};

static void check_translations(struct board b, const struct translation *want, size_t n)
{
	struct rig *r = cpu_on(b);

	for (size_t i = 0; i < n; i++) {
		paddr_t pa = 1;
		enum attr attr = ATTR_DEVICE;

		assert_int_equal(mmu_translate(&r->hw.mmu, want[i].va, &pa, &attr), want[i].status);
		assert_int_equal(pa, want[i].status == OK ? want[i].pa : 1);
		assert_int_equal(attr, want[i].status == OK ? want[i].attr : ATTR_DEVICE);
	}
	rig_off(r);
}

static void each_window_leads_where_it_should(void **state)
{
	static const struct translation want[] = {
		{ LINEAR_BASE, OK, 0, ATTR_CACHED },
		{ LINEAR(RAM_END - 1), OK, RAM_END - 1, ATTR_CACHED },
		{ LINEAR(RAM_END), FAULT_UNMAPPED, 0, 0 },
		{ LINEAR_BASE - 1, FAULT_UNMAPPED, 0, 0 },
		{ 0, FAULT_UNMAPPED, 0, 0 },
		{ 0x8000, FAULT_UNMAPPED, 0, 0 },
		{ UINT64_MAX, FAULT_UNMAPPED, 0, 0 },
		{ UNCACHED_BASE, FAULT_UNMAPPED, 0, 0 },
		{ UNCACHED + 0xfff, OK, VIEWED + 0xfff, ATTR_UNCACHED },
		{ UNCACHED - 1, FAULT_UNMAPPED, 0, 0 },
		{ UNCACHED + PAGE_SIZE, FAULT_UNMAPPED, 0, 0 },
		{ COMBINED, OK, VIEWED, ATTR_WRITE_COMBINE },
		{ APART + 0xffe, OK, FIRST + 0xffe, ATTR_CACHED },
		{ APART + PAGE_SIZE, OK, SECOND, ATTR_CACHED },
		{ BAR + 4, OK, DEVICE_BASE + 4, ATTR_DEVICE },
		{ MAPPED_END - 1, FAULT_UNMAPPED, 0, 0 },
		{ MAPPED_END, FAULT_UNMAPPED, 0, 0 },
	};

	(void)state;
	check_translations(tiny_board(), want, sizeof want / sizeof want[0]);
}

static void mips_shows_all_ram_uncached_as_well(void **state)
{
	static const struct translation want[] = {
		{ UNCACHED_BASE, OK, 0, ATTR_UNCACHED },
		{ UNCACHED_BASE + RAM_END - 1, OK, RAM_END - 1, ATTR_UNCACHED },
		{ UNCACHED_BASE + RAM_END, FAULT_UNMAPPED, 0, 0 },
		{ LINEAR_BASE, OK, 0, ATTR_CACHED },
	};

	(void)state;
	for (enum arch arch = ARCH_MIPS; arch <= ARCH_MIPS_OLD; arch++)
		check_translations(test_with(tiny_board(), "arch", arch), want, 4);
}

static void ram_hidden_by_mem_is_in_no_window(void **state)
{
	static const struct translation want[] = {
		{ LINEAR(0x2ffff), OK, 0x2ffff, ATTR_CACHED },
		{ LINEAR(0x30000), FAULT_UNMAPPED, 0, 0 },
	};

	(void)state;
	check_translations(test_with(tiny_board(), "mem", 0x30000), want, 2);
}

static void the_linear_map_has_a_hole_between_two_banks(void **state)
{
	static const struct translation want[] = {
		{ LINEAR(RAM_END - 1), OK, RAM_END - 1, ATTR_CACHED },
		{ LINEAR(RAM_END), FAULT_UNMAPPED, 0, 0 },
		{ LINEAR(MIB), OK, MIB, ATTR_CACHED },
		{ LINEAR(MIB + 4095), OK, MIB + 4095, ATTR_CACHED },
		{ LINEAR(MIB + 4096), FAULT_UNMAPPED, 0, 0 },
	};

	(void)state;
	check_translations(test_with(test_with(tiny_board(), "ram2_at", MIB), "ram2", 4096), want, 5);
}

static void a_page_unmapped_is_gone_and_a_copied_table_keeps_it(void **state)
{
	struct rig *r = cpu_on(tiny_board());
	struct mmu copy;
	paddr_t pa;
	enum attr attr;

	(void)state;
	mmu_copy(&copy, &r->hw.mmu);
	mmu_unmap(&r->hw.mmu, APART + 8);
	assert_int_equal(mmu_translate(&r->hw.mmu, APART, &pa, &attr), FAULT_UNMAPPED);
	assert_int_equal(mmu_translate(&r->hw.mmu, APART + PAGE_SIZE, &pa, &attr), OK);
	assert_int_equal(mmu_translate(&copy, APART, &pa, &attr), OK);
	mmu_release(&copy);
	rig_off(r);
}

static void every_size_is_little_endian_and_keeps_to_its_bytes(void **state)
{
	static const vaddr_t views[] = { LINEAR(VIEWED), UNCACHED, COMBINED };
	static const uint64_t value = 0x8877665544332211;

	(void)state;
	for (size_t v = 0; v < 3; v++)
		for (size_t size = 1; size <= 8; size *= 2) {
			struct rig *r = cpu_on(tiny_board());
			uint64_t kept = size < 8 ? value & ((1ull << 8 * size) - 1) : value;

			rig_store(r, views[v] + 8, size, value);
			assert_int_equal(rig_event(r, EV_CPU_STORE, 0)->value, kept);
			assert_int_equal(rig_load(r, views[v] + 8, 8), kept);
			assert_int_equal(rig_load(r, views[v] + 8, 1), 0x11);
			assert_int_equal(rig_load(r, views[v], 8), 0);
			rig_off(r);
		}
}

static void an_access_tells_both_addresses_and_which_copy_answered(void **state)
{
	static const struct { vaddr_t va; enum where load, again, store; } rows[] = {
		{ LINEAR(VIEWED), AT_RAM, AT_L1, AT_L1 },
		{ APART, AT_RAM, AT_L1, AT_L1 },
		{ UNCACHED, AT_RAM, AT_RAM, AT_STORE_BUFFER },
		{ COMBINED, AT_RAM, AT_RAM, AT_STORE_BUFFER },
		{ BAR + 4, AT_DEVICE, AT_DEVICE, AT_STORE_BUFFER },
	};
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct event *e;

		rig_mark(r);
		rig_load(r, rows[i].va, 4);
		e = rig_event(r, EV_CPU_LOAD, 0);
		assert_int_equal(e->addr, rows[i].va);
		assert_int_equal(e->addr2 & PAGE_MASK, rows[i].va & PAGE_MASK);
		assert_int_equal(e->size, 4);
		assert_int_equal(e->a, rows[i].load);
		rig_load(r, rows[i].va, 4);
		assert_int_equal(rig_event(r, EV_CPU_LOAD, 1)->a, rows[i].again);
		rig_store(r, rows[i].va, 4, 5);
		assert_int_equal(rig_event(r, EV_CPU_STORE, 0)->a, rows[i].store);
		assert_int_equal(rig_event(r, EV_CPU_STORE, 0)->b, false);
		cache_evict(&r->hw.l1, VIEWED);
	}
	rig_off(r);
}

static void a_misaligned_access_is_cut_where_a_line_or_a_page_ends(void **state)
{
	static const struct { vaddr_t va; size_t size, first; } rows[] = {
		{ LINEAR(0x1009), 4, 4 }, { LINEAR(0x1008), 8, 8 }, { LINEAR(0x100f), 2, 1 },
		{ LINEAR(0x1009), 8, 7 }, { LINEAR(0x100f), 8, 1 }, { LINEAR(0x1ffd), 4, 3 },
		{ APART + 0xfff, 8, 1 }, { APART + 0xffe, 4, 2 }, { APART + 0xffc, 4, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = cpu_on(tiny_board());
		size_t pieces = rows[i].first < rows[i].size ? 2 : 1;
		uint64_t value = 0x1122334455667788 & (UINT64_MAX >> (64 - 8 * rows[i].size));

		rig_store(r, rows[i].va, rows[i].size, 0x1122334455667788);
		assert_int_equal(rig_load(r, rows[i].va, rows[i].size), value);
		for (size_t k = 0; k < 2; k++) {
			enum event_kind kind = k ? EV_CPU_LOAD : EV_CPU_STORE;

			assert_int_equal(rig_count(r, kind), pieces);
			assert_int_equal(rig_event(r, kind, 0)->size, rows[i].first);
			assert_int_equal(rig_event(r, kind, pieces - 1)->addr,
					 rows[i].va + (pieces == 2 ? rows[i].first : 0));
		}
		rig_off(r);
	}
}

static void an_access_across_two_frames_touches_both(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	rig_store(r, APART + 0xffe, 4, 0x44332211);
	cpu_cache_all(&r->hw, CACHE_CLEAN);
	assert_int_equal(rig_ram(r, FIRST + 0xffe, 2), 0x2211);
	assert_int_equal(rig_ram(r, SECOND, 2), 0x4433);
	rig_off(r);
}

static void an_access_nobody_can_answer_is_told_and_changes_nothing(void **state)
{
	static const struct { vaddr_t va; size_t size; enum status why; } rows[] = {
		{ 0, 8, FAULT_UNMAPPED }, { LINEAR(RAM_END), 1, FAULT_UNMAPPED },
		{ LINEAR(RAM_END - 4), 8, FAULT_UNMAPPED }, { APART + 2 * PAGE_SIZE - 1, 2, FAULT_UNMAPPED },
		{ APART - 2, 4, FAULT_UNMAPPED }, { UINT64_MAX - 3, 8, FAULT_RANGE },
		{ UINT64_MAX, 1, FAULT_UNMAPPED },
		{ UNCACHED + 1, 2, FAULT_ALIGN }, { UNCACHED + 4, 8, FAULT_ALIGN }, { COMBINED + 2, 4, FAULT_ALIGN },
		{ BAR + 0x82, 4, FAULT_ALIGN }, { NOTHING, 4, FAULT_BUS },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = cpu_on(tiny_board());
		vaddr_t va = rows[i / 2].va;
		bool store = i & 1;
		uint64_t value = 0x77, due = r->hw.due;
		enum status s = store ? cpu_store(&r->hw, va, rows[i / 2].size, 1)
				      : cpu_load(&r->hw, va, rows[i / 2].size, &value);

		assert_int_equal(s, rows[i / 2].why);
		assert_int_equal(rig_told(r), 1);
		assert_int_equal(rig_event(r, EV_CPU_FAULT, 0)->addr, va);
		assert_int_equal(rig_event(r, EV_CPU_FAULT, 0)->size, rows[i / 2].size);
		assert_int_equal(rig_event(r, EV_CPU_FAULT, 0)->a, rows[i / 2].why);
		assert_int_equal(rig_event(r, EV_CPU_FAULT, 0)->b, store);
		assert_int_equal(value, 0x77);
		assert_int_equal(r->hw.bus.cycle + r->hw.stores.count + r->hw.l1.misses, 0);
		assert_int_equal(r->hw.due, due);
		rig_off(r);
	}
}

static void one_access_cannot_be_half_cached(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	mmu_map(&r->hw.mmu, COMBINED - PAGE_SIZE, FIRST, ATTR_CACHED);
	mmu_map(&r->hw.mmu, APART + 2 * PAGE_SIZE, VIEWED, ATTR_UNCACHED);
	assert_int_equal(cpu_store(&r->hw, COMBINED - 2, 4, 1), FAULT_ALIGN);
	assert_int_equal(cpu_store(&r->hw, APART + 2 * PAGE_SIZE - 2, 4, 1), FAULT_ALIGN);
	assert_int_equal(r->hw.l1.misses + r->hw.stores.count, 0);
	rig_off(r);
}

static void a_range_is_checked_without_touching_it(void **state)
{
	static const struct { vaddr_t va; uint64_t n; enum status status; } rows[] = {
		{ 0, 0, OK }, { LINEAR_BASE, RAM_END, OK }, { LINEAR_BASE, RAM_END + 1, FAULT_UNMAPPED },
		{ LINEAR(RAM_END - 1), 1, OK }, { LINEAR(RAM_END - 1), 2, FAULT_UNMAPPED },
		{ LINEAR_BASE, (uint64_t)1 << 46, FAULT_UNMAPPED }, { LINEAR_BASE, (uint64_t)1 << 62, FAULT_RANGE },
		{ LINEAR_BASE, UINT64_MAX, FAULT_RANGE }, { UINT64_MAX, 2, FAULT_RANGE },
		{ UINT64_MAX, 1, FAULT_UNMAPPED }, { 0, UINT64_MAX, FAULT_UNMAPPED },
		{ APART + 5, 2 * PAGE_SIZE - 5, OK }, { APART + 5, 2 * PAGE_SIZE - 4, FAULT_UNMAPPED },
		{ UNCACHED + 1, 3, OK }, { BAR, PAGE_SIZE, OK }, { NOTHING + 8, 1, FAULT_BUS },
	};
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(cpu_check(&r->hw, rows[i].va, rows[i].n), rows[i].status);
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void an_uncached_store_waits_and_leaves_when_its_time_has_come(void **state)
{
	struct rig *r = cpu_on(test_with(tiny_board(), "cycles_store", 100));

	(void)state;
	rig_store(r, UNCACHED, 8, 0x1234);
	assert_int_equal(rig_ram(r, VIEWED, 8), 0);
	hw_pass(&r->hw, 98);
	assert_int_equal(rig_ram(r, VIEWED, 8), 0);
	assert_int_equal(r->hw.stores.count, 1);
	hw_pass(&r->hw, 1);
	assert_int_equal(rig_ram(r, VIEWED, 8), 0x1234);
	assert_int_equal(rig_event(r, EV_SB_DRAIN, 0)->cycle, 100);
	assert_int_equal(rig_event(r, EV_SB_DRAIN, 0)->addr, VIEWED);
	assert_int_equal(rig_event(r, EV_SB_DRAIN, 0)->value, 0x1234);
	rig_off(r);
}

static void stores_leave_in_order_when_nature_is_calm_or_devices_snoop(void **state)
{
	(void)state;
	for (uint64_t nature = NATURE_CALM; nature <= NATURE_RANDOM; nature++) {
		struct board b = test_with(tiny_board(), "nature", nature);
		struct rig *r = cpu_on(test_with(b, "coherent", nature == NATURE_RANDOM));

		for (uint64_t i = 0; i < 50; i++)
			rig_store(r, (i & 1 ? UNCACHED : COMBINED) + 8 * (i * 7 % 50), 8, i);
		cpu_barrier(&r->hw, BARRIER_MB);
		assert_int_equal(rig_count(r, EV_SB_DRAIN), 50);
		for (uint64_t i = 0; i < 50; i++)
			assert_int_equal(rig_event(r, EV_SB_DRAIN, i)->value, i);
		rig_off(r);
	}
}

static void a_full_store_buffer_pushes_its_oldest_out(void **state)
{
	static const uint64_t sizes[] = { 1, 3, STORE_BUFFER_MAX };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct board b = test_with(test_with(tiny_board(), "store_buffer", sizes[k]), "cycles_store", 10000);
		struct rig *r = cpu_on(b);

		for (uint64_t i = 0; i < sizes[k]; i++)
			rig_store(r, UNCACHED + 8 * i, 8, i + 1);
		assert_int_equal(rig_count(r, EV_SB_DRAIN), 0);
		rig_store(r, UNCACHED + 8 * sizes[k], 8, 99);
		assert_int_equal(rig_count(r, EV_SB_DRAIN), 1);
		assert_int_equal(rig_ram(r, VIEWED, 8), 1);
		assert_int_equal(r->hw.stores.count, sizes[k]);
		rig_off(r);
	}
}

static void a_barrier_that_orders_stores_empties_the_store_buffer(void **state)
{
	static const struct { enum barrier barrier; bool drains; } rows[] = {
		{ BARRIER_MB, true }, { BARRIER_WMB, true }, { BARRIER_DMA_WMB, true },
		{ BARRIER_DMA_MB, true },
		{ BARRIER_RMB, false }, { BARRIER_DMA_RMB, false },
	};

	(void)state;
	for (size_t i = 0; i < BARRIER_COUNT; i++) {
		struct rig *r = cpu_on(tiny_board());

		rig_store(r, COMBINED, 4, 7);
		cpu_barrier(&r->hw, rows[i].barrier);
		assert_int_equal(rig_event(r, EV_CPU_BARRIER, 0)->a, rows[i].barrier);
		assert_int_equal(rig_count(r, EV_SB_DRAIN), rows[i].drains);
		assert_int_equal(rig_ram(r, VIEWED, 4), rows[i].drains ? 7 : 0);
		rig_off(r);
	}
}

static void an_uncached_load_sees_earlier_stores_and_pushes_out_no_more_than_it_must(void **state)
{
	struct rig *r = cpu_on(test_with(tiny_board(), "cycles_store", 10000));

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		rig_store(r, UNCACHED + 8 * i, 8, 0x100 + i);
	assert_int_equal(rig_load(r, COMBINED + 0x40, 8), 0);
	assert_int_equal(rig_count(r, EV_SB_DRAIN), 0);
	assert_int_equal(rig_load(r, COMBINED + 8 + 4, 1), 0);
	assert_int_equal(rig_count(r, EV_SB_DRAIN), 2);
	assert_int_equal(rig_load(r, COMBINED + 8, 8), 0x101);
	assert_int_equal(r->hw.stores.count, 2);
	rig_off(r);
}

static void a_cached_load_does_not_see_the_store_buffer_or_ram(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	assert_int_equal(rig_load(r, LINEAR(VIEWED), 8), 0);
	rig_store(r, UNCACHED, 8, 0xaa);
	assert_int_equal(rig_load(r, LINEAR(VIEWED), 8), 0);
	cpu_barrier(&r->hw, BARRIER_MB);
	assert_int_equal(rig_load(r, LINEAR(VIEWED), 8), 0);
	assert_int_equal(rig_load(r, UNCACHED, 8), 0xaa);
	rig_off(r);
}

static void on_a_coherent_board_cached_and_uncached_views_agree(void **state)
{
	struct rig *r = cpu_on(test_with(tiny_board(), "coherent", 1));

	(void)state;
	rig_store(r, LINEAR(VIEWED), 8, 0xbb);
	assert_int_equal(rig_load(r, UNCACHED, 8), 0xbb);
	assert_int_equal(rig_state(r, 1, VIEWED), LINE_INVALID);
	rig_load(r, LINEAR(VIEWED), 8);
	rig_store(r, UNCACHED, 8, 0xcc);
	cpu_barrier(&r->hw, BARRIER_MB);
	assert_int_equal(rig_load(r, LINEAR(VIEWED), 8), 0xcc);
	rig_off(r);
}

static void a_register_read_lets_all_earlier_writes_arrive_first(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	rig_store(r, UNCACHED, 8, 1);
	rig_store(r, BAR + 4, 4, 0x0f0f0f0f);
	assert_int_equal(rig_count(r, EV_MMIO_WRITE), 0);
	assert_int_equal(rig_load(r, BAR, 4), 0x010000ed);
	assert_int_equal(rig_count(r, EV_SB_DRAIN), 2);
	assert_true(rig_event(r, EV_MMIO_WRITE, 0)->seq < rig_event(r, EV_MMIO_READ, 0)->seq);
	rig_off(r);
}

static void read_write_and_copy_are_like_memcpy_at_every_offset(void **state)
{
	static const vaddr_t views[] = { LINEAR(VIEWED), UNCACHED, APART + PAGE_SIZE - 24 };
	uint8_t from[40], back[40], want[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof from; i++)
		from[i] = (uint8_t)(0xc0 + i);
	for (size_t v = 0; v < 3; v++)
		for (size_t n = 0; n <= 33; n += 3)
			for (size_t at = 0; at < 8; at++) {
				struct rig *r = cpu_on(tiny_board());

				memset(want, 0, sizeof want);
				memcpy(want + at, from, n);
				assert_int_equal(cpu_write(&r->hw, views[v] + at, from, n), OK);
				assert_int_equal(cpu_copy(&r->hw, LINEAR(0x3001), views[v], 64 - 24), OK);
				assert_int_equal(cpu_read(&r->hw, LINEAR(0x3001), back, sizeof back), OK);
				assert_memory_equal(back, want, sizeof back);
				rig_off(r);
			}
}

static void a_run_of_bytes_stops_at_the_first_fault(void **state)
{
	struct rig *r = cpu_on(tiny_board());
	uint8_t bytes[32] = { 0 };

	(void)state;
	assert_int_equal(cpu_write(&r->hw, LINEAR(RAM_END - 16), bytes, 32), FAULT_UNMAPPED);
	assert_int_equal(cpu_read(&r->hw, LINEAR(RAM_END - 16), bytes, 32), FAULT_UNMAPPED);
	assert_int_equal(cpu_copy(&r->hw, LINEAR(RAM_END - 8), LINEAR(0), 16), FAULT_UNMAPPED);
	assert_int_equal(cpu_fill(&r->hw, LINEAR(RAM_END - 8), 1, 16, false), FAULT_UNMAPPED);
	assert_int_equal(rig_count(r, EV_CPU_FAULT), 4);
	assert_int_equal(rig_event(r, EV_CPU_FAULT, 0)->addr, LINEAR(RAM_END));
	assert_int_equal(cpu_read(&r->hw, 0, bytes, 0), OK);
	assert_int_equal(cpu_fill(&r->hw, 0, 1, 0, false), OK);
	rig_off(r);
}

static void a_fill_reaches_exactly_its_bytes_in_every_memory(void **state)
{
	static const vaddr_t views[] = { LINEAR(VIEWED), UNCACHED, COMBINED, APART + PAGE_SIZE - 32 };

	(void)state;
	for (uint64_t through = 0; through < 2; through++)
		for (size_t v = 0; v < 4; v++)
			for (size_t n = 0; n < 40; n += 13) {
				struct rig *r = cpu_on(test_with(tiny_board(), "l1_write", through));
				uint8_t want[64] = { 0 }, got[64];

				memset(want + 5, 0x6b, n);
				assert_int_equal(cpu_fill(&r->hw, views[v] + 5, 0x6b, n, false), OK);
				assert_int_equal(cpu_read(&r->hw, views[v], got, sizeof got), OK);
				assert_memory_equal(got, want, sizeof got);
				rig_off(r);
			}
}

static void a_cached_fill_tells_one_store_a_line_and_who_did_it(void **state)
{
	static const uint32_t sizes[] = { 6, 16, 16, 2 };

	(void)state;
	for (int kernel = 0; kernel < 2; kernel++) {
		struct rig *r = cpu_on(tiny_board());

		assert_int_equal(cpu_fill(&r->hw, LINEAR(0x100a), 0xa5, 40, kernel), OK);
		assert_int_equal(rig_count(r, EV_CPU_STORE), 4);
		for (uint64_t i = 0; i < 4; i++) {
			const struct event *e = rig_event(r, EV_CPU_STORE, i);

			assert_int_equal(e->size, sizes[i]);
			assert_int_equal(e->value, 0xa5a5a5a5a5a5a5a5);
			assert_int_equal(e->b, kernel);
		}
		rig_off(r);
	}
}

/* RAM and line after an operation on a line that held 0x11, or 0x11 in RAM and 0x22 in the line. */
static void maintenance_by_address_moves_and_drops_as_it_says(void **state)
{
	static const struct { enum cache_op op; bool dirty; uint64_t ram; bool stays; } rows[] = {
		{ CACHE_CLEAN, false, 0x11, true },       { CACHE_CLEAN, true, 0x22, true },
		{ CACHE_INVALIDATE, false, 0x11, false }, { CACHE_INVALIDATE, true, 0x11, false },
		{ CACHE_FLUSH, false, 0x11, false },      { CACHE_FLUSH, true, 0x22, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = cpu_on(test_with(tiny_board(), "l2_sets", i & 1 ? 8 : 0));

		rig_set_ram(r, VIEWED, 8, 0x11);
		rig_load(r, LINEAR(VIEWED), 8);
		if (rows[i / 2].dirty)
			rig_store(r, LINEAR(VIEWED), 8, 0x22);
		assert_int_equal(cpu_cache(&r->hw, rows[i / 2].op, LINEAR(VIEWED + 3), 1), OK);
		assert_int_equal(rig_event(r, EV_CACHE_OP, 0)->a, rows[i / 2].op);
		assert_int_equal(rig_event(r, EV_CACHE_OP, 0)->addr, VIEWED + 3);
		assert_int_equal(rig_ram(r, VIEWED, 8), rows[i / 2].ram);
		assert_int_equal(rig_state(r, 1, VIEWED), rows[i / 2].stays ? LINE_EXCLUSIVE : LINE_INVALID);
		assert_true(!hw_cache(&r->hw, 2) || (rig_state(r, 2, VIEWED) != LINE_INVALID) == rows[i / 2].stays);
		rig_off(r);
	}
}

static void maintenance_reaches_every_line_the_range_touches_and_no_other(void **state)
{
	static const struct { paddr_t at; uint64_t n; unsigned lines; } rows[] = {
		{ 0x1000, 0, 0x0 }, { 0x1000, 1, 0x1 }, { 0x100f, 1, 0x1 }, { 0x100f, 2, 0x3 },
		{ 0x1000, 16, 0x1 }, { 0x1010, 32, 0x6 }, { 0x1008, 32, 0x7 }, { 0x1030, 16, 0x8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = cpu_on(tiny_board());

		for (uint64_t k = 0; k < 4; k++)
			rig_store(r, LINEAR(0x1000 + k * LINE), 1, 1);
		assert_int_equal(cpu_cache(&r->hw, CACHE_FLUSH, LINEAR(rows[i].at), rows[i].n), OK);
		for (unsigned k = 0; k < 4; k++)
			assert_int_equal(rig_state(r, 1, 0x1000 + k * LINE) == LINE_INVALID, rows[i].lines >> k & 1);
		rig_off(r);
	}
}

static void maintenance_of_a_scattered_range_follows_its_pages(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	rig_store(r, APART + 0xff8, 8, 1);
	rig_store(r, APART + 0x1000, 8, 2);
	assert_int_equal(cpu_cache(&r->hw, CACHE_CLEAN, APART + 0xff8, 16), OK);
	assert_int_equal(rig_ram(r, FIRST + 0xff8, 8), 1);
	assert_int_equal(rig_ram(r, SECOND, 8), 2);
	assert_int_equal(rig_count(r, EV_CACHE_OP), 2);
	rig_mark(r);
	assert_int_equal(cpu_cache(&r->hw, CACHE_CLEAN, APART, 3 * PAGE_SIZE), FAULT_UNMAPPED);
	assert_int_equal(cpu_cache(&r->hw, CACHE_CLEAN, APART, UINT64_MAX), FAULT_RANGE);
	assert_int_equal(cpu_cache(&r->hw, CACHE_CLEAN, BAR, 64), OK);
	assert_int_equal(rig_count(r, EV_CACHE_OP), 0);
	assert_int_equal(rig_count(r, EV_CPU_FAULT), 2);
	rig_off(r);
}

/* A buffer of 32 bytes from 8 on: a neighbour in its first line, one in its last, none between. */
static void spare_edges_save_the_neighbours_in_partly_covered_lines(void **state)
{
	(void)state;
	for (int spare = 0; spare < 2; spare++) {
		struct rig *r = cpu_on(tiny_board());

		rig_store(r, LINEAR(0x1000), 8, 0xaa);
		rig_store(r, LINEAR(0x1018), 8, 0xbb);
		rig_store(r, LINEAR(0x1028), 8, 0xcc);
		rig_mark(r);
		cpu_maintain(&r->hw, CACHE_INVALIDATE, 0x1008, 32, 0, spare);
		assert_int_equal(rig_event(r, EV_CACHE_OP, 0)->size, 32);
		assert_int_equal(rig_ram(r, 0x1000, 8), spare ? 0xaa : 0);
		assert_int_equal(rig_ram(r, 0x1018, 8), 0);
		assert_int_equal(rig_ram(r, 0x1028, 8), spare ? 0xcc : 0);
		assert_int_equal(rig_count(r, EV_CACHE_DROP), 3);
		rig_off(r);
	}
}

/* Dirty in the first level over a clean second: what one level's clean, and then the other's, does. */
static void maintenance_of_one_level_leaves_the_other_alone(void **state)
{
	static const struct { uint32_t level; uint64_t l1, l2, ram; } rows[] = {
		{ 1, LINE_EXCLUSIVE, LINE_MODIFIED, 0 },
		{ 2, LINE_MODIFIED, LINE_EXCLUSIVE, 0 },
		{ 0, LINE_EXCLUSIVE, LINE_EXCLUSIVE, 0x5a },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig *r = cpu_on(test_with(tiny_board(), "l2_sets", 8));

		rig_store(r, LINEAR(0x1000), 8, 0x5a);
		cpu_maintain(&r->hw, CACHE_CLEAN, 0x1000, 8, rows[i].level, false);
		assert_int_equal(rig_event(r, EV_CACHE_OP, 0)->b, rows[i].level);
		assert_int_equal(rig_state(r, 1, 0x1000), rows[i].l1);
		assert_int_equal(rig_state(r, 2, 0x1000), rows[i].l2);
		assert_int_equal(rig_ram(r, 0x1000, 8), rows[i].ram);
		rig_off(r);
	}
}

static void maintenance_of_everything_reaches_every_line_of_every_level(void **state)
{
	(void)state;
	for (enum cache_op op = CACHE_CLEAN; op < CACHE_OP_COUNT; op++) {
		struct rig *r = cpu_on(test_with(tiny_board(), "l2_sets", 8));

		for (paddr_t pa = 0; pa < 32 * LINE; pa += LINE)
			rig_store(r, LINEAR(pa), 8, pa + 1);
		rig_mark(r);
		cpu_cache_all(&r->hw, op);
		for (paddr_t pa = 0; pa < 32 * LINE; pa += LINE) {
			assert_true(op == CACHE_INVALIDATE || rig_ram(r, pa, 8) == pa + 1);
			assert_true(op == CACHE_CLEAN || (!rig_state(r, 1, pa) && !rig_state(r, 2, pa)));
			assert_true(rig_state(r, 1, pa) != LINE_MODIFIED && rig_state(r, 2, pa) != LINE_MODIFIED);
		}
		rig_off(r);
	}
}

static void a_hit_on_a_page_nobody_watches_leaves_no_event(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	r->hw.bus.watch_all = false;
	rig_store(r, LINEAR(0x1000), 8, 5);
	rig_store(r, LINEAR(0x1008), 8, 6);
	assert_int_equal(r->hw.spots[0x1000 / LINE % SPOTS].va, LINEAR(0x1000));
	assert_int_equal(rig_load(r, LINEAR(0x1008), 8), 6);
	assert_int_equal(rig_load(r, LINEAR(0x100c), 8), 0);
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void a_hit_waits_for_nobody_but_lets_nothing_due_go_by(void **state)
{
	struct rig *r = cpu_on(tiny_board());

	(void)state;
	r->hw.bus.watch_all = false;
	rig_load(r, LINEAR(0x1000), 8);
	rig_store(r, UNCACHED, 8, 1);
	for (uint64_t due = store_buffer_due(&r->hw.stores); r->hw.bus.cycle < due; )
		rig_load(r, LINEAR(0x1000), 8);
	assert_int_equal(r->hw.stores.count, 0);
	assert_int_equal(rig_ram(r, VIEWED, 8), 1);
	rig_off(r);
}

static void load_or_store(struct hw *h, vaddr_t va, size_t size, uint64_t *value, bool store, bool slow)
{
	enum status s;

	if (store)
		s = slow ? cpu_store_slow(h, va, size, *value) : cpu_store(h, va, size, *value);
	else
		s = slow ? cpu_load_slow(h, va, size, value) : cpu_load(h, va, size, value);
	assert_int_equal(s, OK);
}

/* A transfer of n bytes that goes on while the next operations are done. */
static void start_device(struct hw *h, dma_addr_t dma, uint64_t n, bool writes)
{
	const uint64_t order[][2] = { { 0x80, writes ? 0x40000 : dma }, { 0x88, writes ? dma : 0x40000 },
				      { 0x90, n }, { 0x98, writes ? 3 : 1 } };

	for (size_t i = 0; i < 4; i++)
		assert_true(hw_mmio_write(h, hw_device_bar(0) + order[i][0], order[i][1], 8));
}

/* One random operation, the same on every machine. Returns what it read or wrote. */
static uint64_t operate(struct hw *h, uint64_t *random, bool slow)
{
	uint64_t at = test_below(random, 512), size = 1ull << test_below(random, 4);
	uint64_t value = test_random(random);
	uint64_t what = test_below(random, 40), n = test_below(random, 64);
	dma_addr_t dma = h->board.bus_offset + at;

	if (what < 34)
		load_or_store(h, LINEAR(at), size, &value, what < 14, slow);
	else if (what == 34)
		assert_int_equal(cpu_cache(h, (enum cache_op)(n % 3), LINEAR(at), n), OK);
	else if (what <= 36)
		start_device(h, dma, n, what == 35);
	else if (what == 37)
		assert_int_equal(cpu_store(h, UNCACHED + (at & ~7u), 8, value), OK);
	else if (what == 38)
		assert_int_equal(cpu_fill(h, LINEAR(at), (uint8_t)n, n, false), OK);
	else
		hw_pass(h, n);
	return value;
}

static void assert_same_lines(const struct cache *a, const struct cache *b, uint64_t seed)
{
	for (uint32_t i = 0; i < a->sets * a->ways; i++) {
		const struct line *l = cache_line(a, i / a->ways, i % a->ways),
				  *m = cache_line(b, i / b->ways, i % b->ways);

		assert_seeded(l->state == m->state && l->pa == m->pa, seed, i);
		assert_seeded(!memcmp(l->bytes, m->bytes, a->line), seed, i);
	}
}

static void assert_same_hw(const struct hw *a, const struct hw *b, uint64_t seed)
{
	assert_int_equal(a->bus.cycle, b->bus.cycle);
	assert_int_equal(a->bus.nature.questions, b->bus.nature.questions);
	assert_same_lines(&a->l1, &b->l1, seed);
	assert_same_lines(&a->l2, &b->l2, seed);
	for (size_t page = 0; page < RAM_END >> PAGE_SHIFT; page++)
		assert_memory_equal(cow_read(&a->bus.ram, page), cow_read(&b->bus.ram, page), PAGE_SIZE);
}

/* One machine that only goes the long way, one that may go the short one, one nobody watches. */
static void run_fast_beside_slow(struct board b, uint64_t seed)
{
	struct rig *slow = cpu_on(b), *fast = cpu_on(b), *unseen = cpu_on(b);
	uint64_t random[3] = { seed, seed, seed };

	unseen->hw.bus.watch_all = false;
	for (uint64_t step = 0; step < 2000; step++) {
		uint64_t value = operate(&slow->hw, &random[0], true);

		assert_seeded(value == operate(&fast->hw, &random[1], false), seed, step);
		assert_seeded(value == operate(&unseen->hw, &random[2], false), seed, step);
		assert_seeded(slow->hw.bus.cycle == unseen->hw.bus.cycle, seed, step);
	}
	assert_same_hw(&slow->hw, &fast->hw, seed);
	assert_same_hw(&slow->hw, &unseen->hw, seed);
	assert_int_equal(slow->trace.next, fast->trace.next);
	for (uint64_t i = 1; i < slow->trace.next; i++)
		assert_seeded(!memcmp(trace_at(&slow->trace, i), trace_at(&fast->trace, i), sizeof(struct event)),
			      seed, i);
	assert_int_equal(rig_count(unseen, EV_CPU_LOAD) + rig_count(unseen, EV_CPU_STORE), 0);
	rig_off(slow), rig_off(fast), rig_off(unseen);
}

static void fast_and_slow_path_give_the_same_values_times_lines_and_events(void **state)
{
	uint64_t seed = test_seed(0xfa5);

	(void)state;
	for (uint64_t i = 0; i < 32; i++) {
		struct board b = test_with(tiny_board(), "l1_policy", i % 4);

		b = test_with(test_with(b, "l1_ways", 4), "l2_sets", i & 4 ? 8 : 0);
		b = test_with(test_with(b, "coherent", i >> 3 & 1), "nature", i >> 4);
		run_fast_beside_slow(test_with(b, "l1_write", i % 5 == 0), seed + i);
	}
}

static void operate_often(struct hw *h, uint64_t *random, uint64_t times)
{
	while (times--)
		operate(h, random, false);
}

static void copied_hardware_goes_on_alike_whatever_the_original_does(void **state)
{
	uint64_t seed = test_seed(0xc09);

	(void)state;
	for (uint64_t i = 0; i < 8; i++) {
		struct board b = test_with(test_with(tiny_board(), "nature", i & 1), "coherent", i >> 1 & 1);
		struct rig *r = cpu_on(b), *fresh = cpu_on(b);
		uint64_t random = seed, alone = seed, other;
		struct hw copy;

		r->hw.bus.watch_all = fresh->hw.bus.watch_all = i & 4;
		operate_often(&r->hw, &random, 500);
		hw_copy(&copy, &r->hw);
		other = random ^ 0x5555;
		operate_often(&r->hw, &other, 500);
		operate_often(&copy, &random, 500);
		operate_often(&fresh->hw, &alone, 1000);
		assert_same_hw(&copy, &fresh->hw, seed);
		hw_release(&copy);
		rig_off(r), rig_off(fresh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_window_leads_where_it_should),
		cmocka_unit_test(mips_shows_all_ram_uncached_as_well),
		cmocka_unit_test(ram_hidden_by_mem_is_in_no_window),
		cmocka_unit_test(the_linear_map_has_a_hole_between_two_banks),
		cmocka_unit_test(a_page_unmapped_is_gone_and_a_copied_table_keeps_it),
		cmocka_unit_test(every_size_is_little_endian_and_keeps_to_its_bytes),
		cmocka_unit_test(an_access_tells_both_addresses_and_which_copy_answered),
		cmocka_unit_test(a_misaligned_access_is_cut_where_a_line_or_a_page_ends),
		cmocka_unit_test(an_access_across_two_frames_touches_both),
		cmocka_unit_test(an_access_nobody_can_answer_is_told_and_changes_nothing),
		cmocka_unit_test(one_access_cannot_be_half_cached),
		cmocka_unit_test(a_range_is_checked_without_touching_it),
		cmocka_unit_test(an_uncached_store_waits_and_leaves_when_its_time_has_come),
		cmocka_unit_test(stores_leave_in_order_when_nature_is_calm_or_devices_snoop),
		cmocka_unit_test(a_full_store_buffer_pushes_its_oldest_out),
		cmocka_unit_test(a_barrier_that_orders_stores_empties_the_store_buffer),
		cmocka_unit_test(an_uncached_load_sees_earlier_stores_and_pushes_out_no_more_than_it_must),
		cmocka_unit_test(a_cached_load_does_not_see_the_store_buffer_or_ram),
		cmocka_unit_test(on_a_coherent_board_cached_and_uncached_views_agree),
		cmocka_unit_test(a_register_read_lets_all_earlier_writes_arrive_first),
		cmocka_unit_test(read_write_and_copy_are_like_memcpy_at_every_offset),
		cmocka_unit_test(a_run_of_bytes_stops_at_the_first_fault),
		cmocka_unit_test(a_fill_reaches_exactly_its_bytes_in_every_memory),
		cmocka_unit_test(a_cached_fill_tells_one_store_a_line_and_who_did_it),
		cmocka_unit_test(maintenance_by_address_moves_and_drops_as_it_says),
		cmocka_unit_test(maintenance_reaches_every_line_the_range_touches_and_no_other),
		cmocka_unit_test(maintenance_of_a_scattered_range_follows_its_pages),
		cmocka_unit_test(spare_edges_save_the_neighbours_in_partly_covered_lines),
		cmocka_unit_test(maintenance_of_one_level_leaves_the_other_alone),
		cmocka_unit_test(maintenance_of_everything_reaches_every_line_of_every_level),
		cmocka_unit_test(a_hit_on_a_page_nobody_watches_leaves_no_event),
		cmocka_unit_test(a_hit_waits_for_nobody_but_lets_nothing_due_go_by),
		cmocka_unit_test(fast_and_slow_path_give_the_same_values_times_lines_and_events),
		cmocka_unit_test(copied_hardware_goes_on_alike_whatever_the_original_does),
	};

	return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
