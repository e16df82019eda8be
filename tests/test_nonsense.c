/*
 * Recordings that lie: events of real drivers with fields of which some were changed. Whatever they
 * say, the picture can be drawn at any moment, whatever is selected in it.
 */
#include "recorded.h"
#include "view_rig.h"

#include "viz/picture.h"

#define ROUNDS  60           /* of each driver; SEED=N tries others */
#define CHANGED 12           /* of so many events about one is changed */
#define MOMENTS 6            /* drawn of each */
#define EVENTS  1500

static const char *const drivers[] = {
	"machine{ board = 'tiny' }\n"
	"rx = kzalloc(64)\n"
	"h = dma_map_single(dev, rx, 64, 'from_device')\n"
	"dma_mapping_error(dev, h)\n"
	"dev:dma_write(h, ('\\x22'):rep(32))\n"
	"load(rx)\n"
	"dma_unmap_single(dev, h, 64, 'from_device')\n",

	"machine{ board = 'tiny', swiotlb = '32K', swiotlb_force = true }\n"
	"b = kzalloc(64)\n"
	"h = dma_map_single(dev, b, 64, 'bidirectional')\n"
	"dma_mapping_error(dev, h)\n"
	"dev:dma_read(h, 32)\n"
	"dma_sync_single_for_cpu(dev, h, 64, 'bidirectional')\n",

	"machine{ board = 'arm64-smmu' }\n"
	"v = vmalloc(20000)\n"
	"b = kmalloc(64)\n"
	"h = dma_map_single(dev, b, 64, 'to_device')\n"
	"dma_mapping_error(dev, h)\n"
	"dma_unmap_single(dev, h, 64, 'to_device')\n"
	"dev:dma_read(h, 16)\n",

	"machine{ board = 'x86' }\n"
	"ring, dma = dma_alloc_coherent(devices.nic, 64)\n"
	"writeq(dma, devices.nic.bar + 0x90)\n"
	"writel(4, devices.nic.bar + 0x98)\n"
	"writel(1, devices.nic.bar + 0x04)\n"
	"p = dma_pool_create('desc', dev, 64, 64, 0)\n"
	"dma_pool_alloc(p)\n",
};

#define DRIVERS (sizeof drivers / sizeof drivers[0])

static struct rig rigs[DRIVERS];
static struct scene scene;

static int open_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < DRIVERS; i++)
		rigs[i] = rig_open(drivers[i]);
	scene_init(&scene);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < DRIVERS; i++)
		rig_close(&rigs[i]);
	scene_release(&scene);
	return 0;
}

/* A number that is more likely to hurt than another. */
static uint64_t odd_number(uint64_t *random, uint64_t was)
{
	static const uint64_t odd[] = { 0, 1, 15, 4095, 4096, 0x3ffff, 0x40000, 0xffffffff,
		0x80000000, UINT64_MAX, UINT64_MAX - 7, LINEAR_BASE, VMALLOC_BASE };

	return test_below(random, 2) ? was ^ (uint64_t)1 << test_below(random, 64) :
		odd[test_below(random, sizeof odd / sizeof odd[0])];
}

static void change_field(struct event *e, uint64_t *random)
{
	switch (test_below(random, 8)) {
	case 0: e->addr = odd_number(random, e->addr); break;
	case 1: e->addr2 = odd_number(random, e->addr2); break;
	case 2: e->value = odd_number(random, e->value); break;
	case 3: e->size = (uint32_t)odd_number(random, e->size); break;
	case 4: e->a = (uint32_t)odd_number(random, e->a); break;
	case 5: e->b = (uint32_t)odd_number(random, e->b); break;
	case 6: e->unit = (uint16_t)odd_number(random, e->unit); break;
	default: e->kind = (uint16_t)test_below(random, EV_COUNT); break;
	}
}

/* The last events of a driver, which are those of its own; the first tell the machine. */
static void record_lies(struct recorded *to, const struct player *from, uint64_t *random)
{
	uint64_t n = player_count(from);

	recorded_begin(to);
	for (uint64_t i = 0; i < n; i++) {
		struct event e = *player_event(from, i);

		if (i >= 3 && i + EVENTS < n)
			continue;
		if (!test_below(random, CHANGED))
			change_field(&e, random);
		happens(to, e);
	}
	recorded_play(to);
}

static struct look any_look(uint64_t *random)
{
	struct look look = look_default();

	look.byte = test_below(random, 2) ? UINT64_MAX : odd_number(random, 0x4000);
	look.selected = (struct thing){ .kind = (uint8_t)test_below(random, THING_KIND_COUNT),
					.unit = (uint8_t)test_below(random, 20),
					.board = (uint8_t)test_below(random, 2),
					.id = odd_number(random, 4) };
	look.panel = (enum panel)test_below(random, PANEL_COUNT);
	look.zoom[look.panel] = (struct zoom){ (float)(1 + test_below(random, 64)), 0.5f };
	look.text = test_below(random, 2) ? TEXT_ORDINARY : TEXT_LARGE;
	return look;
}

static void draw_moments(struct player *player, struct player *beside, uint64_t *random)
{
	for (int i = 0; i < MOMENTS; i++) {
		struct look look = any_look(random);
		struct picture picture = { .scene = &scene, .player = player, .look = &look,
					   .beside = i & 1 ? beside : NULL };

		player_seek(player, test_below(random, player_count(player) + 1));
		picture_draw(&picture, (float)(300 + test_below(random, 1700)),
			     (float)(200 + test_below(random, 1000)));
		assert_true(scene.count > 10);
	}
}

static void the_picture_survives_any_recording(void **state)
{
	uint64_t random = test_seed(11);
	struct recorded lies;

	(void)state;
	for (size_t i = 0; i < DRIVERS * ROUNDS; i++) {
		record_lies(&lies, rigs[i % DRIVERS].player, &random);
		draw_moments(lies.player, rigs[(i + 1) % DRIVERS].player, &random);
		recorded_end(&lies);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_picture_survives_any_recording),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
