-- Gives an engine its part of a function's limit, as far as others leave some.
-- KEYS: the parts: engine -> "places:wanted:till", in ms by the server's clock.
-- ARGV: the engine; the limit; how many places it wants; how many instances have there, which it
-- cannot give back of its part at once; for how many ms the part is its own; the channel on which
-- the hungry are heard; what to say there. That is said when it has become hungrier, or has let
-- something go: not each time that it asks, or two who are both hungry would never be silent.
-- Returns {its part; what others have; engines that have or want some; places that they want and
-- have not got; engines of those that have none}.
local parts, engine, limit = KEYS[1], ARGV[1], tonumber(ARGV[2])
local wanted, taken, lasts = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A server that is full refuses a script whose first write needs memory, and no later one: this
-- changes nothing, and lets calls go on.
redis.call('HDEL', parts, '')

local others, wanting, hungry, starving, before, hunger = 0, 0, 0, 0, 0, 0
local fields = redis.call('HGETALL', parts)
for i = 1, #fields, 2 do
  local has, wants, till = fields[i + 1]:match('^(%d+):(%d+):(%d+)$')
  has, wants = tonumber(has or 0), tonumber(wants or 0)
  if not till or tonumber(till) <= now then
    redis.call('HDEL', parts, fields[i])
  elseif fields[i] == engine then
    before, hunger = has, wants - has
  else
    others = others + has
    if has > 0 or wants > 0 then wanting = wanting + 1 end
    if wants > has then
      hungry = hungry + wants - has
      if has == 0 then starving = starving + 1 end
    end
  end
end

-- Of instances that are beyond what it had before nothing is known: others may have their places.
local part = math.max(math.min(wanted, limit - others), math.min(taken, before), 0)
if part == 0 and wanted == 0 then
  redis.call('HDEL', parts, engine)
else
  redis.call('HSET', parts, engine,
             string.format('%d:%d:%d', part, math.max(wanted, part), now + lasts))
  redis.call('PEXPIRE', parts, lasts)
end
if wanted - part > hunger or (part < before and hungry > 0) then
  redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return {part, others, wanting, hungry, starving}
