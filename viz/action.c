#include "viz/action.h"

#include <string.h>

const struct action_info action_info[ACTION_COUNT] = {
#define ACTION(NAME, name, keys, label, button, sentence) [ACTION_##NAME] = { \
	name, keys, label, sentence, button },
#include "viz/actions.def"
#undef ACTION
};

static bool names(const char *keys, const char *key)
{
	size_t n = strlen(key);

	while (*keys) {
		size_t word = strcspn(keys, " ");

		if (word == n && !memcmp(keys, key, n))
			return true;
		keys += word + (keys[word] == ' ');
	}
	return false;
}

enum action action_of_key(const char *key)
{
	enum action action = 0;

	while (action < ACTION_COUNT && !names(action_info[action].keys, key))
		action++;
	return action;
}
