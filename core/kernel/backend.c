#include "kernel/backend.h"

#include "kernel/direct.h"

const struct backend *backend_of(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return &direct_backend;
}
