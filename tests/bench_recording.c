/*
 * Measures recordings of ten million events: written, opened, read at any place, read along; of
 * loads and stores alone, and of a driver that keeps many mappings alive.
 */
#include "bench.h"
#include "kernel/dma.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"
#include "measure.h"

#include "viz/player.h"
#include "viz/recorder.h"
#include "viz/recording.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 10000000u
#define PLACES 2000          /* read at random */
#define SEEKS  400
#define SPAN   (256u << 10)  /* bytes the CPU goes about in: more than the caches hold */
#define BUFFERS 300          /* mapped at a time */
#define BUFFER 2048          /* bytes */
#define EASE   (1u << 20)    /* bytes that may wait before the writer of the pipe does, too */

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_recording: %s\n", what);
	exit(1);
}

static uint64_t random_below(uint64_t n)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

static struct bench *busy_bench(void)
{
	struct board board = board_default();
	struct bench *b = bench_new(&board);

	must(b, "no machine");
	machine_watch_all(&b->machine, true);
	return b;
}

/* The trace grows by some thousand events: words stored and read back, here and there. */
static void work(struct bench *b)
{
	uint64_t value;

	for (int i = 0; i < 256; i++) {
		vaddr_t va = LINEAR_BASE + 4 * MIB + 8 * random_below(SPAN / 8);

		must(cpu_store(&b->machine.hw, va, 8, random_below(1000)) == OK, "a store failed");
		for (vaddr_t back = va; back < va + 64; back += 8)
			must(cpu_load(&b->machine.hw, back, 8, &value) == OK, "a load failed");
	}
}

static struct {
	vaddr_t bar, va[BUFFERS];
	dma_addr_t dma[BUFFERS];
	uint32_t turn;               /* the buffer that is next */
} driver;

static void map_buffer(struct bench *b, uint32_t i)
{
	struct kernel *k = &b->machine.kernel;

	driver.dma[i] = dma_map_single(k, 0, driver.va[i], BUFFER, DMA_FROM_DEVICE);
	must(!dma_mapping_error(k, 0, driver.dma[i]), "a map failed");
}

static void bind_driver(struct bench *b)
{
	driver.bar = ioremap(&b->machine.kernel, hw_device_bar(0), PAGE_SIZE, ATTR_DEVICE);
	for (uint32_t i = 0; i < BUFFERS; i++) {
		driver.va[i] = kmalloc(&b->machine.kernel, BUFFER, GFP_KERNEL);
		must(driver.va[i], "no memory");
		map_buffer(b, i);
	}
}

static void set_register(struct bench *b, uint64_t at, uint64_t value)
{
	must(cpu_store(&b->machine.hw, driver.bar + at, 8, value) == OK, "a store failed");
}

/* Edu writes 64 bytes of its own memory (see `help edu`). */
static void device_writes(struct bench *b, dma_addr_t dma)
{
	set_register(b, 0x80, 0x40000);
	set_register(b, 0x88, dma);
	set_register(b, 0x90, 64);
	set_register(b, 0x98, 3);
	must(machine_wait(&b->machine, 0, 100000), "the device is late");
}

/* Some buffers are filled and read, as a network card's are, while all the others stay mapped. */
static void drive(struct bench *b)
{
	uint64_t value;

	for (int n = 0; n < 64; n++) {
		uint32_t i = driver.turn++ % BUFFERS;

		device_writes(b, driver.dma[i]);
		dma_unmap_single(&b->machine.kernel, 0, driver.dma[i], BUFFER, DMA_FROM_DEVICE);
		must(cpu_load(&b->machine.hw, driver.va[i], 8, &value) == OK, "a load failed");
		map_buffer(b, i);
	}
}

/* Writes EVENTS and a few more. Seconds for the writing alone. */
static double record(const char *path, struct bench *b, void (*advance)(struct bench *b))
{
	char why[256];
	struct recorder *r = recorder_open(path, why, sizeof why);
	double spent = 0;

	must(r, why);
	while (b->trace.next <= EVENTS) {
		advance(b);
		spent -= now();
		must(recorder_follow(r, &b->trace), "cannot write");
		spent += now();
		trace_trim(&b->trace, 0);
	}
	spent -= now();
	must(recorder_close(r, &b->trace), "cannot write");
	spent += now();
	bench_free(b);
	return spent;
}

/* MiB of this process that are in memory. */
static double resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	must(f && fscanf(f, "%*u %lu", &pages) == 1, "no /proc/self/statm");
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / MIB;
}

/* Reads from position `from` to the last event here. Returns how many are here. */
static uint64_t read_in_order(struct recording *r, uint64_t from)
{
	const struct event *e;

	for (; (e = recording_at(r, from)); from++)
		must(e->kind < EV_COUNT, "no such kind");
	return from;
}

/* Reads what comes from fd until it ends. Returns how many events came. */
static uint64_t read_along(int fd)
{
	struct recording *r = recording_live();
	uint64_t seen = 0;
	bool more;

	must(r, "no memory");
	do {
		more = recording_read(r, fd);
		seen = read_in_order(r, seen);
	} while (more);
	must(recording_state(r) == RECORDING_END, "the stream is damaged");
	recording_close(r);
	return seen;
}

/* Millions of events a second, when they are read as the file is. */
static double file_rate(const char *path)
{
	int fd = open(path, O_RDONLY);
	double start = now();
	uint64_t seen = read_along(fd);

	start = now() - start;
	close(fd);
	return (double)seen / 1e6 / start;
}

static double random_us(struct recording *r)
{
	static double us[PLACES];

	for (int i = 0; i < PLACES; i++) {
		double start = now();

		must(recording_at(r, random_below(recording_count(r))), "an event is missing");
		us[i] = (now() - start) * 1e6;
	}
	return median(us, PLACES);
}

static double find_us(struct recording *r)
{
	static double us[PLACES];

	for (int i = 0; i < PLACES; i++) {
		uint64_t seq = 1 + random_below(recording_count(r));
		double start = now();

		must(recording_find(r, seq, 0) == seq - 1, "an event is not found");
		us[i] = (now() - start) * 1e6;
	}
	return median(us, PLACES);
}

static void measure_file(const char *path)
{
	double start, opened, read, before = resident();
	struct recording *r;
	char why[256];
	double millions;

	start = now();
	r = recording_open(path, why, sizeof why);
	must(r, why);
	opened = now() - start;
	millions = (double)recording_count(r) / 1e6;
	start = now();
	read_in_order(r, 0);
	read = now() - start;
	show("a recording of ten million events opened", opened, "s", "");
	show("  events a second", millions / opened, "M/s", "aim: above 10");
	show("  read in order", millions / read, "M/s", "");
	show("  memory for it", resident() - before, "MiB", "");
	show("  an event somewhere", random_us(r), "us", "");
	show("  an event by its number", find_us(r), "us", "");
	recording_close(r);
}

/* As a viewer opens a file: what has come is followed before more is taken, so it is unpacked once. */
static struct player *open_player(const char *path, struct recording **r)
{
	int fd = open(path, O_RDONLY);
	struct player *p;
	bool more;

	*r = recording_live();
	must(fd >= 0 && *r, "cannot open the file");
	p = player_new(*r);
	do {
		more = recording_read(*r, fd);
		while (player_read(p, EVENTS))
			;
	} while (more);
	close(fd);
	must(player_count(p) > EVENTS, "the recording is damaged");
	return p;
}

static void show_seeks(struct player *p)
{
	static double ms[SEEKS];
	double half;

	for (int i = 0; i < SEEKS; i++) {
		double start = now();

		player_seek(p, random_below(player_count(p)));
		ms[i] = (now() - start) * 1e3;
	}
	half = median(ms, SEEKS);
	show("  a seek to a random event", half, "ms", "");
	show("  the worst of 400", ms[SEEKS - 1], "ms", "aim: under 50");
}

static void measure_player(const char *path)
{
	double before = resident(), start = now();
	struct recording *r;
	struct player *p = open_player(path, &r);

	start = now() - start;
	show("opened, followed and made seekable", start, "s", "");
	show("  events a second", (double)player_count(p) / 1e6 / start, "M/s", "aim: above 10");
	show("  memory for it", resident() - before, "MiB", "");
	show_seeks(p);
	player_free(p);
	recording_close(r);
}

/* The prompt's side: the same million events again and again, into the pipe. */
static void tell_all(int fd, const struct trace *t)
{
	struct recorder *r = recorder_open_pipe(fd);
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	for (uint64_t told = 0; told < EVENTS; told += t->next - 1) {
		must(recorder_follow(r, t) && recorder_flush(r), "the pipe is closed");
		while (recorder_waiting(r) > EASE) {
			poll(&room, 1, 1000);
			must(recorder_push(r), "the pipe is closed");
		}
		recorder_restart(r);
	}
	must(recorder_close(r, t), "the pipe is closed");
}

/* Millions of events a second from a trace in one process to events in another. */
static double pipe_rate(void)
{
	struct bench *b = busy_bench();
	uint64_t seen;
	double start;
	int fd[2];

	while (b->trace.next < EVENTS / 10)
		work(b);
	must(pipe(fd) == 0, "no pipe");
	start = now();
	if (fork() == 0) {
		close(fd[0]);
		tell_all(fd[1], &b->trace);
		_exit(0);
	}
	close(fd[1]);
	seen = read_along(fd[0]);
	start = now() - start;
	wait(NULL);
	close(fd[0]);
	bench_free(b);
	return (double)seen / 1e6 / start;
}

static void measure_driver(const char *path)
{
	struct bench *b = busy_bench();

	bind_driver(b);
	record(path, b, drive);
	printf("  the same of a driver with %d mappings alive:\n", BUFFERS);
	measure_player(path);
}

int main(void)
{
	char path[] = "/tmp/dmalab-bench-XXXXXX";
	struct stat file;
	double spent;

	signal(SIGPIPE, SIG_IGN);
	close(mkstemp(path));
	spent = record(path, busy_bench(), work);
	stat(path, &file);
	show("ten million events recorded", EVENTS / spent / 1e6, "M/s", "");
	show("  an event in the file", (double)file.st_size / EVENTS, "bytes", "");
	measure_file(path);
	show("opened and read at once", file_rate(path), "M/s", "aim: above 10");
	measure_player(path);
	show("read along through a pipe", pipe_rate(), "M/s", "");
	measure_driver(path);
	unlink(path);
	return 0;
}
