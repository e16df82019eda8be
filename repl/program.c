#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool program_folder(char *folder, size_t room)
{
	ssize_t n = readlink("/proc/self/exe", folder, room - 1);

	if (n < 0)
		return false;
	folder[n] = '\0';
	if (strrchr(folder, '/'))
		*strrchr(folder, '/') = '\0';
	return true;
}

/* Is it in that folder, whose name has n bytes? */
static bool viewer_in(const char *folder, size_t n, char *path, size_t room)
{
	snprintf(path, room, "%.*s/dmalab-view", (int)n, folder);
	return access(path, X_OK) == 0;
}

bool program_viewer(char *path, size_t room)
{
	const char *told = getenv("DMALAB_VIEW"), *folders = getenv("PATH");
	char beside[PROGRAM_PATH];

	if (told) {
		snprintf(path, room, "%s", told);
		return access(path, X_OK) == 0;
	}
	if (program_folder(beside, sizeof beside) && viewer_in(beside, strlen(beside), path, room))
		return true;
	for (; folders && *folders; folders += *folders == ':') {
		size_t n = strcspn(folders, ":");

		if (n && viewer_in(folders, n, path, room))
			return true;
		folders += n;
	}
	return false;
}
