#include "kernel/driver.h"

#include "kernel/context.h"
#include "kernel/dma_alloc.h"
#include "kernel/pool.h"

#include <string.h>

#define EBUSY 16

/* Eight bytes of a name as an event carries them, the first one least significant. */
static uint64_t letters(const char *name)
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number |= (uint64_t)(uint8_t)name[i] << 8 * i;
	return number;
}

int driver_bind(struct kernel *k, uint32_t dev, const char *name)
{
	char *to = k->driver[dev];

	if (*to)
		return -EBUSY;
	memset(to, 0, DRIVER_NAME);
	for (size_t i = 0; i < DRIVER_NAME - 1 && name[i]; i++)
		to[i] = name[i];
	kernel_tell(k, &(struct event){ .kind = EV_DRIVER_BIND, .addr = letters(to),
		.addr2 = letters(to + 8), .value = letters(to + 16), .unit = (uint16_t)dev });
	return 0;
}

void driver_unbind(struct kernel *k, uint32_t dev, bool probe_failed)
{
	context_release_irq(k, dev);
	dmam_pool_release(k, dev);
	dmam_release(k, dev);
	kernel_tell(k, &(struct event){ .kind = EV_DRIVER_UNBIND, .a = probe_failed,
		.unit = (uint16_t)dev });
	k->driver[dev][0] = '\0';
}

const char *driver_name(const struct kernel *k, uint32_t dev)
{
	return k->driver[dev];
}
