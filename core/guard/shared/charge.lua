-- Adds what an engine charged to a root to what all engines did, and keeps what it tells of calls.
-- KEYS: the root's sums: invocations, attempts, ms; its calls: id -> what is known of it, of which
-- the first byte grows as the call goes on.
-- ARGV: how many of each more; for how many ms all of it is kept from now on; how many calls are
-- kept; then of each call that it tells of: id, what is known.
-- Returns the three sums.
local sums, calls = KEYS[1], KEYS[2]

-- A server that is full refuses a script whose first write needs memory, and no later one: this
-- changes nothing, and lets calls go on.
redis.call('HDEL', sums, '')

local all = {}
for i, name in ipairs({'invocations', 'attempts', 'ms'}) do
  all[i] = redis.call('HINCRBY', sums, name, ARGV[i])
end
redis.call('PEXPIRE', sums, ARGV[4])

-- Where a call goes on another engine, what is told of it may come in another order than it was.
local kept, most = redis.call('HLEN', calls), tonumber(ARGV[5])
for i = 6, #ARGV, 2 do
  local known = redis.call('HGET', calls, ARGV[i])
  if not known and kept < most then
    kept = kept + redis.call('HSET', calls, ARGV[i], ARGV[i + 1])
  elseif known and ARGV[i + 1]:byte() >= known:byte() then
    redis.call('HSET', calls, ARGV[i], ARGV[i + 1])
  end
end
if kept > 0 then redis.call('PEXPIRE', calls, ARGV[4]) end
return all
