// Numbers as they stand in records and notes: little-endian, of fixed width. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/model/ids.h"

namespace convoke::journal {

static_assert(std::endian::native == std::endian::little, "fields are copied as they stand");

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void put(std::string& out, const CallId& id) {
  out.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
}

// The value at that byte, which is there.
template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace convoke::journal
