#include "kernel/dma.h"

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
