-- One step of removing records: what ended before a time, and what is too much, the oldest end
-- first.
-- ARGV: the time, in ms; how many records of calls that have ended may stay; how many bytes of their
-- events and results; how many are removed at most.
-- Returns {removed for their age, removed for room, 1 if there is more to remove}.
local before, stay_max, bytes_max, at_most =
    ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function remove(ids)
  for _, id in ipairs(ids) do
    local record = redis.call('HGET', records, id)
    if record then forget(id, record) else redis.call('ZREM', over, id) end
  end
end

local aged = redis.call('ZRANGEBYSCORE', over, '-inf', '(' .. before, 'LIMIT', 0, at_most)
remove(aged)

local function too_much()
  return redis.call('ZCARD', over) > stay_max or
      tonumber(redis.call('HGET', counts, 'kept') or 0) > bytes_max
end
local for_room, oldest = 0, {}
while #aged + for_room < at_most and too_much() do
  oldest = redis.call('ZRANGE', over, 0, 0)
  if #oldest == 0 then break end
  remove(oldest)
  for_room = for_room + 1
end
local removed = #aged + for_room
return {#aged, for_room, removed == at_most and 1 or 0}
