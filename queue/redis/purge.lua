-- Removes records of calls that failed or expired. ARGV: their ids. Returns how many.
local purged = 0
for _, id in ipairs(ARGV) do
  local record = redis.call('HGET', records, id)
  local state = record and record:byte(1)
  if state == 5 or state == 8 then
    forget(id, record)
    purged = purged + 1
  end
end
return purged
