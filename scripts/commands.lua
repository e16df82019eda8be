-- The commands of the prompt, one declaration each. To add one, add a declaration: help, completion
-- and the command line know it then.
--
-- name, args, help   as `help NAME` shows them
-- group              under which `help` lists it
-- run                the function; it is a global too, and what it returns is answered
-- raw                its words are taken as they stand, not as Lua
-- complete           words that may follow

local session = require "session"

local function command(row)
  session.commands[row.name] = row
  session.commands[#session.commands + 1] = row
  _G[row.name] = row.run
end

-- A function of a module that is loaded when somebody asks for it.
local function late(module, name)
  return function(...) return require(module)[name](...) end
end

command { name = "help", args = "[NAME]", group = "help", raw = true,
          help = "what there is, or all about one name",
          run = late("help", "help") }

command { name = "tour", args = "", group = "help",
          help = "from a store that stays in the cache to a correct transfer, step by step",
          run = late("tour", "tour") }

command { name = "lab", args = "[list | start NAME [DIR] | read | run | check | replay | hint]",
          group = "help", raw = true,
          help = "exercises: a driver that looks right, what goes wrong with it, and how it is mended",
          notes = {
            "list", "the labs, in the order of the course, and your points",
            "start", "NAME [DIR]: a folder with README.md and driver.lua, the file to edit; here " ..
                "or in DIR. NAME may be the number alone",
            "read", "what to do, a screen at a time",
            "run", "[FILE] [on BOARD]: play the file once on the machine of the prompt, where show, " ..
                "why() and view look at it then",
            "check", "[FILE]: what it is worth, tried on every schedule",
            "replay", "play the run that lab check found, on the machine of the prompt",
            "hint", "one of three hints, each a step further",
            "FILE", "driver.lua of the lab worked on last; the name of a lab does as well",
          },
          complete = { "list", "start", "read", "run", "check", "replay", "hint" },
          run = late("lab", "lab") }

command { name = "show", args = "cache [1|2] | line VA | pages | mappings | board [NAME] | " ..
    "trace [N] | bytes VA [N] | stores | devices | iommu | violations",
          group = "look", raw = true,
          help = "the state of the machine as text",
          complete = { "cache", "line", "pages", "mappings", "board", "trace", "bytes", "stores",
              "devices", "iommu", "violations" },
          run = late("show", "show") }

command { name = "view", args = "[FILE | beside BOARD]", group = "look", raw = true,
          help = "the machine as a picture in a window, where ? lists the keys; it follows each " ..
              "line. FILE: a recording. beside: the same lines on a second board, and what " ..
              "differs (a line that writes a file writes it twice)",
          complete = { "beside" },
          run = late("view", "view") }

command { name = "draw", args = "FILE [at MOMENT] [size WxH] [theme dark] [large] [select va]",
          group = "look", raw = true,
          help = "the machine as a picture in an SVG file, now or at a moment: N (after event N), " ..
              "cycle:N, violation:N",
          complete = { "at", "size", "theme", "dark", "large", "select" },
          run = late("draw", "draw") }

command { name = "why", args = "[n | va]", group = "look",
          help = "how what was named last (or violation n, or the newest at an address) came about",
          run = late("why", "why") }

command { name = "violations", args = "[all]", group = "look",
          help = "the rules broken so far; a list of { rule, text, events }",
          run = late("why", "violations") }

command { name = "cat", args = "FILE", group = "look", raw = true,
          help = "a file of /proc or /sys/kernel/debug, as the kernel writes it",
          complete = { "/proc/iomem", "/proc/buddyinfo", "/proc/slabinfo", "/proc/vmallocinfo",
              "/proc/cmdline", "/sys/kernel/debug/dma-api/dump",
              "/sys/kernel/debug/dma-api/error_count" },
          run = late("proc", "cat") }

command { name = "dmesg", args = "", group = "look",
          help = "what the kernel would have logged",
          run = late("proc", "dmesg") }

command { name = "echo", args = "VALUE > FILE", group = "machine", raw = true,
          help = "write a file of /sys/kernel/debug/dma-api: all_errors, num_errors, driver_filter",
          complete = { "1", ">", "/sys/kernel/debug/dma-api/all_errors",
              "/sys/kernel/debug/dma-api/num_errors", "/sys/kernel/debug/dma-api/driver_filter" },
          run = late("dma_debug", "echo") }

command { name = "set", args = "checker=kernel | checker=all", group = "session", raw = true,
          help = "who names broken rules: CONFIG_DMA_API_DEBUG alone, in its words; or all of ours",
          complete = { "checker=kernel", "checker=all" },
          run = session.set }

command { name = "map", args = "va [size] direction", group = "dma", returns = "dma",
          help = "dma_map_single(dev, va, size, direction), and dma_mapping_error; without a size " ..
              "all of the block",
          complete = { "to_device", "from_device", "bidirectional" },
          run = late("sugar", "map") }

command { name = "unmap", args = "dma", group = "dma", returns = "",
          help = "dma_unmap_single with the size and direction it was mapped with",
          run = late("sugar", "unmap") }

command { name = "sync", args = "dma for_cpu | for_device [size]", group = "dma", returns = "",
          help = "dma_sync_single_for_cpu or _for_device with the direction it was mapped with",
          complete = { "for_cpu", "for_device" },
          run = late("sugar", "sync") }

command { name = "step", args = "[n=1]", group = "time",
          help = "let time pass until n more events have happened, and show them",
          run = late("sugar", "step") }

command { name = "explore", args = "fn [, { bound = 2, runs =, seconds =, samples =, seed =, " ..
    "jobs =, oracle =, boards =, record = }]", group = "time", returns = "result",
          help = "play a driver under every schedule the hardware may choose, and show the " ..
              "smallest that breaks it",
          notes = {
            "fn", "the driver, from its first allocation on: it is called again and again, each " ..
                "time on the machine as it is now. What breaks it: a rule, an assert or any other " ..
                "error, an oops, a wait that never ends. It must make all it uses; nothing it prints " ..
                "is heard",
            "bound", "deviations from calm that are tried in every combination (help nature); " ..
                "`samples` more schedules (1000) are drawn at random beyond, from `seed`",
            "oracle", "function(...) of what fn returned: false where that is wrong",
            "rules", "a list of names: only these broken rules count, warnings too where named " ..
                "(help rules); false: none, only what the driver itself finds wrong. Left out: " ..
                "all but warnings",
            "boards", '"all", or a list of names: a table of verdicts',
            "runs", "most schedules (200000); `seconds` stops earlier, and Ctrl-C at once: what " ..
                "was found is kept",
            "jobs", "processes (one for each core); they change no answer",
            "record", "a file for the recording of the smallest schedule that breaks it",
            "unseen", "a transfer to cached memory torn in one long run(n): wait in short steps; delays " ..
                "other than three, a little, longer than a call, longer than a transfer",
            "result", "verdict (holds, breaks, stopped), runs, exhaustive, sampled, warnings; and " ..
                "where it breaks deviations, choices, kind, why, story: print(result.story). " ..
                "replay(fn, result) plays that schedule here",
          },
          run = late("explore", "explore") }

command { name = "replay", args = "fn, choices", group = "time",
          help = "play a function once with the choices explore found",
          notes = { "choices", "the result of explore, or a list of { question =, answer = }, by " ..
              "question. On the machine explore began with the trace is the same, byte for byte. " ..
              "Behind it why(), show trace and view explain; undo takes it back" },
          run = late("explore", "replay") }

command { name = "undo", args = "[n=1]", group = "time",
          help = "take back the last n lines that did something, with the variables they set and " ..
              "the objects they changed",
          run = late("sugar", "undo") }

command { name = "machine", args = "{ board = NAME, key = value }", group = "machine",
          help = "a fresh machine; `machine tiny` and `machine x86 seed=3` do as well",
          raw = true,
          run = late("sugar", "machine") }

command { name = "save", args = "FILE", group = "session", raw = true,
          help = "write this session as a script that `dmalab run FILE` plays",
          run = late("save", "save") }

command { name = "clear", args = "", group = "session",
          help = "clear the screen",
          run = function() if core.terminal then io.stdout:write("\27[H\27[2J") end end }

local function quit() error(session.leave, 0) end

command { name = "quit", args = "", group = "session", help = "leave (so does Ctrl-D)", run = quit }
command { name = "exit", args = "", group = "session", help = "leave", run = quit }
