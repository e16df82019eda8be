-- Whose submission it is, by submission_metadata.json: the first e-mail address in a group.

local file = io.open(arg[1])
local metadata = file and core.from_json(file:read("a")) or {}
local emails = {}
for _, user in ipairs(metadata.users or {}) do emails[#emails + 1] = user.email end
table.sort(emails)
io.stdout:write(emails[1] or "", "\n")
