-- Says that an engine lives and what it has applied, and asks how far the registry and the others
-- are.
-- KEYS: version, engines, applied.
-- ARGV: the engine; the version that it has applied, or '' if it only asks; after how many ms of
-- silence another is taken for dead; the channel.
-- Returns {the version; the least version that any live engine has applied, or -1 without any}.
local engine, has, silence = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if has ~= '' then
  -- A server that is full refuses a script whose first write needs memory, and no later one: this
  -- changes nothing, and lets an engine live there.
  redis.call('ZREM', KEYS[2], '')
  local dead = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - silence, 'LIMIT', 0, 100)
  for _, one in ipairs(dead) do
    redis.call('ZREM', KEYS[2], one)
    redis.call('HDEL', KEYS[3], one)
  end
  redis.call('ZADD', KEYS[2], now, engine)
  if redis.call('HGET', KEYS[3], engine) ~= has then
    redis.call('HSET', KEYS[3], engine, has)
    redis.call('PUBLISH', ARGV[4], has)
  end
end

local least = -1
for _, one in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now - silence, '+inf')) do
  local version = tonumber(redis.call('HGET', KEYS[3], one) or 0)
  if least < 0 or version < least then least = version end
end
return {tonumber(redis.call('GET', KEYS[1]) or 0), least}
