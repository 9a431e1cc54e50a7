-- Takes an incarnation for dead, if it is silent still: from here on its heartbeats are refused, and
-- whoever looks sees it silent, until it is buried.
-- KEYS: the engines. ARGV: the incarnation; after how many ms of silence it is taken for dead.
-- Returns 1 it is dead, 0 it lives.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not last then return 1 end
if tonumber(last) > now - ARGV[2] then return 0 end
redis.call('ZREM', KEYS[1], '')  -- as heartbeat.lua has it
redis.call('ZADD', KEYS[1], 0, ARGV[1])
return 1
