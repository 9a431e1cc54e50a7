-- Takes calls that failed for somebody who runs them again: those that are there and that nobody
-- else has.
-- ARGV: now; until when the calls are taken, both in ms; their ids.
-- Returns {1 taken, 0 not, for each}.
local now, until_when = tonumber(ARGV[1]), ARGV[2]

local function take(id)
  local record = redis.call('HGET', records, id)
  local state = record and record:byte(1)
  if state ~= 5 and state ~= 8 then return 0 end
  local theirs = redis.call('HGET', taken, id)
  if theirs and tonumber(theirs) > now then return 0 end
  redis.call('HSET', taken, id, until_when)
  return 1
end

local results = {}
for i = 3, #ARGV do results[#results + 1] = take(ARGV[i]) end
return results
