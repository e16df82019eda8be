#pragma once
/*
 * Names for what the trace has as numbers: whose memory an address is, which device, who wrote a
 * byte. They are the words of help and why(). An address in a sentence is physical unless it says
 * otherwise, as all addresses in the picture are.
 */
#include "viz/model.h"
#include "viz/text.h"

const char *words_device(uint32_t unit);                 /* "nic" */
const char *words_copy(enum where at);                   /* "the store buffer", "L1", "RAM" */

void words_bytes(struct text *t, uint64_t n);            /* "1 byte", "16 bytes" */
void words_value(struct text *t, uint64_t value, uint64_t size);      /* size as in events */
void words_writer(struct text *t, stamp_t stamp);        /* "the CPU at event 5" */

/* What lies there, with how far into it: "kmalloc-64+8", "vmalloc+4104", "free page". */
void words_name(struct text *t, const struct model *m, uint64_t pa);
void words_place(struct text *t, const struct model *m, uint64_t pa);  /* "0x4008 (kmalloc-16+8)" */
