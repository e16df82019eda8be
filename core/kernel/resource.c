#include "kernel/resource.h"

#include <string.h>

#define EBUSY  16
#define EINVAL 22
#define ENOMEM 12

/* A free slot takes the resource; false when there is none. */
static bool add(struct kernel *k, const struct resource *r, const char *name)
{
	for (uint32_t i = 0; i < RESOURCES_MAX; i++) {
		struct resource *slot = &k->resource[i];

		if (slot->size)
			continue;
		*slot = *r;
		memset(slot->name, 0, NAME_MAX_LEN);
		strncpy(slot->name, name, NAME_MAX_LEN - 1);
		return true;
	}
	return false;
}

static void add_boot(struct kernel *k, paddr_t start, uint64_t size, const char *name, bool busy)
{
	bool added = !size || add(k, &(struct resource){ .start = start, .size = size, .busy = busy,
		.boot = true }, name);

	(void)added;    /* the table has room for what a board can have */
}

/* RAM is busy as in Linux: no driver claims memory the kernel gives out. */
void resource_init(struct kernel *k)
{
	const struct board *b = &k->hw->board;
	paddr_t end = board_kernel_end(b), code = board_kernel_code(b);

	add_boot(k, 0, min_u64(b->ram, end), "System RAM", true);
	add_boot(k, 0, code, "Kernel code", true);
	add_boot(k, code, b->kernel_image - code, "Kernel data", true);
	if (b->ram2 && end > b->ram2_at)
		add_boot(k, b->ram2_at, min_u64(b->ram2, end - b->ram2_at), "System RAM", true);
	for (uint32_t i = 0; i < device_count; i++)
		add_boot(k, hw_device_bar(i), DEVICE_WINDOW, k->hw->device[i].ops->name, false);
}

/*
 * A claim may lie inside something that is not busy (a device's window), or outside everything; it
 * may not reach over an edge.
 */
static bool conflicts(const struct resource *r, paddr_t start, uint64_t size)
{
	if (!r->size || !overlaps(r->start, r->size, start, size))
		return false;
	return r->busy || !inside(start, size, r->start, r->size);
}

static int claim(struct kernel *k, paddr_t start, uint64_t size, const char *name)
{
	if (!size || start + size - 1 < start)
		return -EINVAL;
	for (uint32_t i = 0; i < RESOURCES_MAX; i++)
		if (conflicts(&k->resource[i], start, size))
			return -EBUSY;
	if (!add(k, &(struct resource){ .start = start, .size = size, .busy = true }, name))
		return -ENOMEM;
	return 0;
}

int resource_request(struct kernel *k, paddr_t start, uint64_t size, const char *name)
{
	int error = claim(k, start, size, name);

	kernel_tell(k, &(struct event){ .kind = EV_RES_REQUEST, .addr = start,
		.size = event_size(size), .a = error != 0 });
	return error;
}

bool resource_release(struct kernel *k, paddr_t start, uint64_t size)
{
	for (uint32_t i = 0; i < RESOURCES_MAX; i++) {
		struct resource *r = &k->resource[i];

		if (!size || r->start != start || r->size != size || !r->busy || r->boot)
			continue;
		r->size = 0;
		kernel_tell(k, &(struct event){ .kind = EV_RES_RELEASE, .addr = start,
			.size = event_size(size) });
		return true;
	}
	kernel_log(k, KLOG_NO_RESOURCE, start, start + size - 1, 0);
	return false;
}
