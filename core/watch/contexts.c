#include "watch/contexts.h"

void contexts_change(struct facts *f, const struct event *e)
{
	if (e->a == f->context.now && e->b == f->context.irqs_off)
		return;      /* one lock more or less */
	f->context.now = e->a;
	f->context.irqs_off = e->b;
	f->context.seq = e->seq;
}

void contexts_forget(struct facts *f)
{
	f->context.now = CONTEXT_PROCESS;
	f->context.irqs_off = false;
	f->context.seq = 0;
}

static enum advice advice_sleep(const struct facts *f)
{
	if (f->context.now == CONTEXT_IRQ)
		return ADVICE_SLEEPS_IN_HANDLER;
	return f->context.irqs_off ? ADVICE_SLEEPS_IRQS_OFF : ADVICE_SLEEPS_UNDER_LOCK;
}

/* Coherent memory may be given back under a spinlock, as far as nothing has to be unmapped. */
void contexts_sleep(struct facts *f, const struct event *e)
{
	bool frees = e->a == SLEEPER_DMA_FREE && f->context.irqs_off;
	struct violation v = { .rule = frees ? RULE_COHERENT_FREE_ATOMIC : RULE_SLEEP_IN_ATOMIC,
		.pa = UINT64_MAX, .cause = f->context.seq };

	v.advice = !frees ? advice_sleep(f) : f->context.now == CONTEXT_IRQ
		? ADVICE_FREE_IN_HANDLER : ADVICE_FREE_IRQS_OFF;
	violations_report(&f->violations, &v, e);
}
