#include "viz/sdl/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folder, or the file in it. False: nobody says where the home is. */
static bool place(char *path, size_t n, const char *file)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		snprintf(path, n, "%s/dmalab%s", state, file);
	else if (home && *home == '/')
		snprintf(path, n, "%s/.local/state/dmalab%s", home, file);
	else
		return false;
	return true;
}

static bool take(struct settings *s, struct look *look, const char *key, const char *value)
{
	double number = strtod(value, NULL);

	if (!strcmp(key, "width") && number >= 400 && number <= 16384)
		s->width = (int)number;
	else if (!strcmp(key, "height") && number >= 300 && number <= 16384)
		s->height = (int)number;
	else if (!strcmp(key, "theme"))
		look->theme = !strcmp(value, theme_name[THEME_DARK]) ? THEME_DARK : THEME_LIGHT;
	else if (!strcmp(key, "speed") && number >= 0 && number <= 1e6)
		look->speed = (float)number;
	else if (!strcmp(key, "large"))
		look->text = number > 0 ? TEXT_LARGE : TEXT_ORDINARY;
	else if (!strcmp(key, "reduced"))
		look->reduced = number > 0;
	else
		return false;
	return true;
}

struct settings settings_load(struct look *look)
{
	struct settings s = { 1280, 800 };
	char path[4096], key[32], value[32];
	FILE *file = place(path, sizeof path, "/view") ? fopen(path, "r") : NULL;

	if (!file)
		return s;
	while (fscanf(file, "%31s %31s", key, value) == 2 && take(&s, look, key, value))
		;
	fclose(file);
	return s;
}

/* All folders on the way; those that are there already stay. */
static void make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0777);
		*at = '/';
	}
	mkdir(path, 0777);
}

void settings_save(struct settings s, const struct look *look)
{
	char path[4096];
	FILE *file;

	if (!place(path, sizeof path, ""))
		return;
	make_folders(path);
	place(path, sizeof path, "/view");
	file = fopen(path, "w");
	if (!file)
		return;
	fprintf(file, "width %d\nheight %d\ntheme %s\nspeed %g\nlarge %d\nreduced %d\n", s.width,
		s.height, theme_name[look->theme], (double)look->speed, look->text >= TEXT_LARGE,
		look->reduced);
	fclose(file);
}
