#include "kernel/context.h"

#include <string.h>

#define EBUSY 16
#define HARDIRQ 0x10000    /* what a handler adds to preempt_count */

enum context context_now(const struct kernel *k)
{
	const struct cpu_context *c = &k->context;

	if (c->in_handler)
		return CONTEXT_IRQ;
	return c->locks || c->preempt_off || c->irqs_off ? CONTEXT_ATOMIC : CONTEXT_PROCESS;
}

bool context_irqs_off(const struct kernel *k)
{
	return k->context.irqs_off;
}

bool context_in_interrupt(const struct kernel *k)
{
	return k->context.in_handler;
}

static uint32_t preempt_count(const struct kernel *k)
{
	const struct cpu_context *c = &k->context;

	return c->locks + c->preempt_off + (c->in_handler ? HARDIRQ : 0);
}

bool context_in_atomic(const struct kernel *k)
{
	return preempt_count(k) != 0;
}

static void tell(struct kernel *k)
{
	const struct cpu_context *c = &k->context;

	kernel_tell(k, &(struct event){ .kind = EV_CPU_CONTEXT, .a = context_now(k),
		.b = c->irqs_off, .unit = (uint16_t)(c->in_handler ? c->handler : 0) });
}

/* Takes the new state; told when anything is different, be it one lock more. */
static void change(struct kernel *k, const struct cpu_context *to)
{
	uint32_t before = preempt_count(k);
	bool irqs_off = k->context.irqs_off;

	k->context = *to;
	if (preempt_count(k) != before || to->irqs_off != irqs_off)
		tell(k);
}

void context_keyframe(struct kernel *k)
{
	if (context_now(k) != CONTEXT_PROCESS)
		tell(k);
}

/* What Linux prints; by the place that looks. */
static enum klog line_of(enum sleeper who)
{
	switch (who) {
	case SLEEPER_MIGHT_SLEEP: return KLOG_SLEEP_DRIVER;
	case SLEEPER_VMALLOC: case SLEEPER_VFREE: case SLEEPER_IOREMAP: case SLEEPER_IOUNMAP:
	case SLEEPER_DMA_FREE:    return KLOG_SLEEP_VMALLOC;
	case SLEEPER_COMPLETION:  return KLOG_SLEEP_COMPLETION;
	case SLEEPER_POOL_DESTROY: case SLEEPER_FREE_IRQ: return KLOG_SLEEP_MUTEX;
	case SLEEPER_DISABLE_IRQ: case SLEEPER_SYNC_IRQ: return KLOG_SLEEP_IRQ;
	default:                  return KLOG_SLEEP_GFP;
	}
}

static void log_sleep(struct kernel *k, enum sleeper who)
{
	if (who == SLEEPER_DMA_FREE && k->context.irqs_off) {
		kernel_log(k, KLOG_FREE_IRQS_OFF, 0, 0, 0);
	} else if (who == SLEEPER_MSLEEP) {
		kernel_log(k, KLOG_SCHED_ATOMIC, 0, 0, 0);
	} else {
		kernel_log(k, line_of(who), 0, 0, 0);
		kernel_log(k, KLOG_SLEEP_WHERE, context_in_atomic(k), k->context.irqs_off, 0);
	}
}

void context_might_sleep(struct kernel *k, enum sleeper who)
{
	uint64_t before;

	if (context_now(k) == CONTEXT_PROCESS)
		return;
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_KERNEL_MIGHT_SLEEP,
		.a = who, .b = context_now(k) }));
	log_sleep(k, who);
	kernel_cause(k, before);
}

/* Which of the locks that are held this one is; how many are held when it is none. */
static uint32_t lock_at(const struct cpu_context *c, const char *name)
{
	uint32_t i = 0;

	while (i < c->locks && strncmp(c->lock[i], name, NAME_MAX_LEN - 1) != 0)
		i++;
	return i;
}

bool context_holds(const struct kernel *k, const char *name)
{
	return lock_at(&k->context, name) < k->context.locks;
}

bool context_lock(struct kernel *k, const char *name)
{
	struct cpu_context c = k->context;

	if (context_holds(k, name) || c.locks == LOCKS_MAX)
		return false;
	memset(c.lock[c.locks], 0, NAME_MAX_LEN);
	strncpy(c.lock[c.locks++], name, NAME_MAX_LEN - 1);
	change(k, &c);
	return true;
}

bool context_unlock(struct kernel *k, const char *name)
{
	struct cpu_context c = k->context;
	uint32_t at = lock_at(&c, name);

	if (at == c.locks)
		return false;
	c.locks--;
	memmove(c.lock[at], c.lock[at + 1], (c.locks - at) * sizeof c.lock[0]);
	change(k, &c);
	return true;
}

bool context_set_irqs(struct kernel *k, bool off)
{
	struct cpu_context c = k->context;
	bool before = c.irqs_off;

	c.irqs_off = off;
	change(k, &c);
	return before;
}

bool context_preempt(struct kernel *k, bool off)
{
	struct cpu_context c = k->context;

	if (!off && !c.preempt_off)
		return false;
	c.preempt_off = off ? c.preempt_off + 1 : c.preempt_off - 1;
	change(k, &c);
	return true;
}

static void tell_line(struct kernel *k, enum event_kind kind, uint32_t dev, bool on)
{
	kernel_tell(k, &(struct event){ .kind = (uint16_t)kind, .a = dev, .b = on,
		.unit = (uint16_t)dev });
}

int context_request_irq(struct kernel *k, uint32_t dev, const char *name)
{
	struct irq_line *line = &k->context.line[dev];

	context_might_sleep(k, SLEEPER_REQUEST_IRQ);
	if (k->context.requested >> dev & 1)
		return -EBUSY;
	*line = (struct irq_line){ .depth = 0 };
	strncpy(line->name, name, NAME_MAX_LEN - 1);
	k->context.requested |= 1u << dev;
	tell_line(k, EV_IRQ_REQUEST, dev, true);
	return 0;
}

void context_free_irq(struct kernel *k, uint32_t dev)
{
	if (context_in_interrupt(k))
		kernel_log(k, KLOG_IRQ_FREE_INSIDE, dev, 0, 0);
	context_might_sleep(k, SLEEPER_FREE_IRQ);
	if (!(k->context.requested >> dev & 1)) {
		kernel_log(k, KLOG_IRQ_FREE_TWICE, dev, 0, 0);
		return;
	}
	k->context.requested &= ~(1u << dev);
	k->context.managed &= ~(1u << dev);
	tell_line(k, EV_IRQ_REQUEST, dev, false);
}

void context_manage_irq(struct kernel *k, uint32_t dev)
{
	k->context.managed |= 1u << dev;
}

void context_release_irq(struct kernel *k, uint32_t dev)
{
	if (k->context.managed >> dev & 1)
		context_free_irq(k, dev);
}

void context_disable_irq(struct kernel *k, uint32_t dev)
{
	k->context.line[dev].depth++;
	tell_line(k, EV_IRQ_ENABLE, dev, false);
}

void context_enable_irq(struct kernel *k, uint32_t dev)
{
	struct irq_line *line = &k->context.line[dev];

	if (!line->depth) {
		kernel_log(k, KLOG_IRQ_UNBALANCED, dev, 0, 0);
		return;
	}
	line->depth--;
	line->runs = 0;
	tell_line(k, EV_IRQ_ENABLE, dev, true);
}

bool context_pending(const struct kernel *k, uint32_t *dev)
{
	const struct cpu_context *c = &k->context;

	if (!c->requested || c->irqs_off || c->in_handler)
		return false;
	for (*dev = 0; *dev < DEVICE_MAX; ++*dev)
		if (c->requested >> *dev & 1 && k->hw->device[*dev].irq && !c->line[*dev].depth)
			return true;
	return false;
}

void context_enter_irq(struct kernel *k, uint32_t dev)
{
	struct cpu_context c = k->context;

	c.in_handler = c.irqs_off = true;
	c.handler = dev;
	c.line[dev].count++;
	change(k, &c);
}

/* The line is still up: the handler runs again, but not for ever (note_interrupt). */
static void note_still_up(struct kernel *k, uint32_t dev)
{
	struct irq_line *line = &k->context.line[dev];

	if (++line->runs < IRQ_RUNS_MAX)
		return;
	kernel_log(k, KLOG_IRQ_NOBODY, dev, 0, 0);
	kernel_log(k, KLOG_IRQ_DISABLING, dev, 0, 0);
	context_disable_irq(k, dev);
}

void context_exit_irq(struct kernel *k, uint32_t dev)
{
	struct cpu_context c;

	hw_pass(k->hw, IRQ_CYCLES);
	c = k->context;
	c.in_handler = c.irqs_off = false;
	change(k, &c);
	if (k->hw->device[dev].irq)
		note_still_up(k, dev);
	else
		k->context.line[dev].runs = 0;
}

/* When the next thing happens by itself. */
static uint64_t next_due(const struct hw *h)
{
	uint64_t due = store_buffer_due(&h->stores);

	for (uint32_t i = 0; i < device_count; i++)
		due = min_u64(due, min_u64(h->device[i].due, h->device[i].irq_due));
	return due;
}

void context_pass(struct kernel *k, uint64_t until)
{
	struct hw *h = k->hw;
	uint32_t dev;

	if (!k->context.requested) {
		hw_pass(h, until - h->bus.cycle);
		return;
	}
	while (h->bus.cycle < until && !context_pending(k, &dev)) {
		uint64_t due = min_u64(next_due(h), until);

		hw_pass(h, due > h->bus.cycle ? due - h->bus.cycle : 0);
	}
}

bool context_expects(const struct kernel *k)
{
	uint32_t dev;

	return next_due(k->hw) != UINT64_MAX || context_pending(k, &dev);
}
