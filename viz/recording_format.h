#pragma once
/*
 * What a recording looks like, for recorder (which writes) and recording (which reads) alone.
 *
 * It is the magic "DMALAB1\n" and then zstd frames, each with its checksum, so that
 * `tail -c +9 FILE | zstd -dc` shows the inside. A frame is one block:
 *
 *   the first    a text that describes the rest: how an event is laid out, then every kind of event
 *                with the names of its fields and the words of its codes (from event.def)
 *   the middle   a count (8 bytes, 1 .. 4096), then as many events of 64 bytes
 *   the last     a count of 0 and the number of all events (8 bytes): without it the end is missing
 *
 * Numbers are little endian. What grows from event to event (marked + in the layout) is written as
 * the difference to the event before it in its block (to 0 in the first), wrapping. That halves
 * the file and the time to read it, and every block can still be read alone.
 *
 * A block is full in a file; in a stream somebody reads along it is as short as the line of the
 * prompt it tells of. A reader finds kinds by name, not by number, so a recording of another
 * version is readable as far as both know the same kinds.
 */
#include "event.h"
#include "viz/text.h"

#include <string.h>

#define RECORDING_BLOCK 4096    /* events of a full block: 256 KiB, a few KiB once compressed */

#define MAGIC       "DMALAB1\n"
#define MAGIC_BYTES 8
#define COUNT_BYTES 8
#define EVENT_BYTES 64
#define BLOCK_BYTES (COUNT_BYTES + (size_t)RECORDING_BLOCK * EVENT_BYTES)
#define HEADER_MAX  65536
#define LAYOUT \
	"event +seq:8 +cycle:8 +cause:8 +addr:8 +addr2:8 value:8 size:4 a:4 b:4 kind:2 unit:2"

/* The header of our own recordings, HEADER_MAX bytes at most. Returns its length. */
size_t header_write(char *header);

/* Our kind that a row of another header describes ("cpu.load addr=va ..."), or EV_COUNT. */
enum event_kind kind_described(const char *row);

#define HOST_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline void put(uint8_t *to, size_t bytes, uint64_t value)
{
	if (HOST_LITTLE)
		memcpy(to, &value, bytes);
	else
		for (size_t i = 0; i < bytes; i++)
			to[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	if (HOST_LITTLE)
		memcpy(&value, from, bytes);
	else
		for (size_t i = bytes; i-- > 0;)
			value = value << 8 | from[i];
	return value;
}
