/* `dmalab draw`: one moment of a recording as a picture, without a display. */
#include "draw.h"

#include "viz/moment.h"
#include "viz/picture.h"
#include "viz/svg.h"

#include <string.h>

bool draw_moment(const char *path, const char *moment, float width, float height, FILE *to,
		 char *why, size_t n)
{
	struct recording *r = recording_open(path, why, n);
	struct player *player;
	struct look look = look_default();
	struct scene scene;
	struct picture picture = { .scene = &scene, .look = &look };
	uint64_t at;
	bool fine;

	if (!r)
		return false;
	player = player_new(r);
	while (player_read(player, 1 << 20))
		;
	at = moment_find(player, moment, why, n);
	fine = at != UINT64_MAX;
	if (fine) {
		player_seek(player, at);
		scene_init(&scene);
		picture.player = player;
		picture_draw(&picture, width, height);
		fine = svg_paint(&scene, look.theme, to);
		scene_release(&scene);
	}
	player_free(player);
	recording_close(r);
	return fine;
}
