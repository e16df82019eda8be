#include "kernel/arch.h"

const struct arch_ops arch_ops[ARCH_COUNT] = {
#define ARCH(NAME, word, dTO, dFROM, dBIDI, cTO, cFROM, cBIDI, with_outer, by, prep, says) \
	[ARCH_##NAME] = { .name = word, .outer = with_outer, \
		.coherent = COHERENT_##by, .prepare = LINE_OP_##prep, .sentence = says, \
		.for_device = { [DMA_TO_DEVICE] = LINE_OP_##dTO, \
				[DMA_FROM_DEVICE] = LINE_OP_##dFROM, \
				[DMA_BIDIRECTIONAL] = LINE_OP_##dBIDI }, \
		.for_cpu = { [DMA_TO_DEVICE] = LINE_OP_##cTO, \
			     [DMA_FROM_DEVICE] = LINE_OP_##cFROM, \
			     [DMA_BIDIRECTIONAL] = LINE_OP_##cBIDI } },
#include "arch.def"
#undef ARCH
};

/* One cell of the table, on one level of cache or (0) on all. */
static void line_op(struct kernel *k, enum line_op op, paddr_t pa, uint64_t n, uint32_t level)
{
	static const enum cache_op ops[] = {
		[LINE_OP_CLEAN] = CACHE_CLEAN, [LINE_OP_INVAL] = CACHE_INVALIDATE,
		[LINE_OP_EDGE] = CACHE_INVALIDATE, [LINE_OP_FLUSH] = CACHE_FLUSH };

	if (level < 2 || hw_cache(k->hw, level))
		cpu_maintain(k->hw, ops[op], pa, n, level, op == LINE_OP_EDGE);
}

/*
 * An outer cache lies between the inner one and RAM: on the way out the inner one comes first, on
 * the way in it comes last.
 */
static void sync_lines(struct kernel *k, enum line_op op, paddr_t pa, uint64_t n, bool for_cpu)
{
	if (op == LINE_OP_NONE || k->hw->board.coherent || !n)
		return;
	if (!board_is_ram(&k->hw->board, pa, n)) {
		kernel_log(k, KLOG_SYNC_NOT_RAM, pa, 0, 0);
		return;
	}
	if (!arch(k)->outer) {
		line_op(k, op, pa, n, 0);
		return;
	}
	line_op(k, op, pa, n, for_cpu ? 2 : 1);
	line_op(k, op, pa, n, for_cpu ? 1 : 2);
}

void arch_sync_for_device(struct kernel *k, paddr_t pa, uint64_t n, enum direction dir)
{
	sync_lines(k, arch(k)->for_device[dir], pa, n, false);
}

void arch_sync_for_cpu(struct kernel *k, paddr_t pa, uint64_t n, enum direction dir)
{
	sync_lines(k, arch(k)->for_cpu[dir], pa, n, true);
}

enum coherent_by arch_coherent_by(const struct kernel *k)
{
	return k->hw->board.coherent ? COHERENT_CACHED : arch(k)->coherent;
}

void arch_prepare_coherent(struct kernel *k, paddr_t pa, uint64_t n)
{
	if (arch_coherent_by(k) != COHERENT_CACHED)
		line_op(k, arch(k)->prepare, pa, n, 0);
}
