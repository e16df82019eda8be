#pragma once
/* Where this program lies, and others that belong to it. */
#include <stdbool.h>
#include <stddef.h>

#define PROGRAM_PATH 4096

/* The folder of this program; false where the system does not tell. */
bool program_folder(char *folder, size_t room);

/* dmalab-view: where DMALAB_VIEW says, beside this program, or in PATH. False: nowhere. */
bool program_viewer(char *path, size_t room);
