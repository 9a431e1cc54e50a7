#include "queue/journal/call_note.h"

#include <array>

#include "core/model/error.h"
#include "queue/journal/bytes.h"

namespace convoke::journal {
namespace {

template <class T>
T take(std::string_view& bytes) {
  ENSURE(bytes.size() >= sizeof(T));
  const T value = get<T>(bytes, 0);
  bytes.remove_prefix(sizeof(T));
  return value;
}

WallTime take_wall(std::string_view& bytes) { return wall_from_ms(take<std::int64_t>(bytes)); }

}  // namespace

void append(std::string& out, const CallNote& note) {
  put(out, note.id);
  put(out, note.function.value);
  put(out, note.order);
  put(out, to_ms(note.accepted));
  put(out, to_ms(note.due));
  put(out, to_ms(note.first_due));
  put(out, note.segment);
  put(out, note.offset);
  put(out, note.size);
  put(out, note.journal);
  put(out, note.function_errors);
  put(out, note.retries);
  put(out, note.attempt);
  put(out, static_cast<std::uint16_t>(note.name.size() << 1 | (note.maybe_repeated ? 1U : 0U)));
  out += note.name;
}

CallNote take_note(std::string_view& bytes) {
  CallNote note;
  note.id = CallId::from_bytes(take<std::array<std::uint8_t, 16>>(bytes));
  note.function.value = take<std::uint64_t>(bytes);
  note.order = take<std::uint64_t>(bytes);
  note.accepted = take_wall(bytes);
  note.due = take_wall(bytes);
  note.first_due = take_wall(bytes);
  note.segment = take<std::uint64_t>(bytes);
  note.offset = take<std::uint32_t>(bytes);
  note.size = take<std::uint32_t>(bytes);
  note.journal = take<std::uint32_t>(bytes);
  note.function_errors = take<std::uint32_t>(bytes);
  note.retries = take<std::uint32_t>(bytes);
  note.attempt = take<std::uint32_t>(bytes);
  const auto last = take<std::uint16_t>(bytes);
  note.maybe_repeated = (last & 1U) != 0;
  const std::size_t name_bytes = last >> 1;
  ENSURE(bytes.size() >= name_bytes);
  note.name = bytes.substr(0, name_bytes);
  bytes.remove_prefix(name_bytes);
  return note;
}

}  // namespace convoke::journal
