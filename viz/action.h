#pragma once
/* Everything a person can do in the view: actions.def as an enum and a table. */
#include "types.h"

enum action {
#define ACTION(NAME, ...) ACTION_##NAME,
#include "viz/actions.def"
#undef ACTION
	ACTION_COUNT
};

struct action_info {
	const char *name, *keys, *label, *sentence;
	bool button;             /* it has a button in the toolbar; all stand on the key card */
};

extern const struct action_info action_info[ACTION_COUNT];

/* The action of a key ("space", "left", "shift+left", "[", "f1"), or ACTION_COUNT. */
enum action action_of_key(const char *key);
