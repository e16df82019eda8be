#pragma once
/* Pixels into files: a picture, a folder of pictures, a movie. */
#include "viz/sdl/canvas.h"

#include <stdbool.h>
#include <stddef.h>

/* As PNG. False: a sentence in *why. */
bool shot_save(const struct canvas *c, const char *path, char *why, size_t n);

/*
 * Many pictures of one size, one after another: into DIR/000001.png and so on, or, where path ends
 * in .mp4 or the like, through ffmpeg into a movie.
 */
struct reel;

/* NULL and a sentence in *why, which says how to install ffmpeg where it is missing. */
struct reel *reel_folder(const char *folder, char *why, size_t n);
struct reel *reel_movie(const char *path, int width, int height, int rate, char *why, size_t n);
bool reel_add(struct reel *r, const struct canvas *c, char *why, size_t n);

/* False, with a sentence in *why, when ffmpeg was not content. r is gone either way. */
bool reel_end(struct reel *r, char *why, size_t n);
