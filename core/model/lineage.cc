#include "core/model/lineage.h"

#include <algorithm>
#include <cstring>

namespace convoke {
namespace {

constexpr std::uint32_t kTagMask = 0xffffff;

std::uint8_t one_more(std::uint8_t count) {
  return count == Lineage::kCountMax ? count : static_cast<std::uint8_t>(count + 1);
}

// Hops since the function at this place was visited; more than there are: longer ago.
std::size_t hops_ago(const Lineage& lineage, std::size_t place) {
  const auto newest = std::find(lineage.hops.rbegin(), lineage.hops.rend(), place);
  return static_cast<std::size_t>(newest - lineage.hops.rbegin());
}

std::size_t least_visited(const Lineage& lineage) {
  std::size_t least = 0;
  for (std::size_t place = 1; place < Lineage::kFunctionsMax; ++place) {
    const auto times = lineage.visits[place].times;
    const auto fewest = lineage.visits[least].times;
    if (times > fewest) continue;
    if (times < fewest || hops_ago(lineage, place) > hops_ago(lineage, least)) least = place;
  }
  return least;
}

// Its own, a free one, or that of the function which is visited least.
std::size_t place_for(Lineage& lineage, FunctionTag function) {
  for (const FunctionTag wanted : {function, FunctionTag{}}) {
    for (std::size_t place = 0; place < Lineage::kFunctionsMax; ++place) {
      if (lineage.visits[place].function == wanted) return place;
    }
  }
  const std::size_t place = least_visited(lineage);
  std::replace(lineage.hops.begin(), lineage.hops.end(), static_cast<std::uint8_t>(place),
               Lineage::kHopForgotten);
  lineage.visits[place] = {};
  return place;
}

std::size_t hop_to(Lineage& lineage, FunctionId function) {
  const FunctionTag tag = tag_of(function);
  const std::size_t place = place_for(lineage, tag);
  lineage.visits[place].function = tag;
  std::copy(lineage.hops.begin() + 1, lineage.hops.end(), lineage.hops.begin());
  lineage.hops.back() = static_cast<std::uint8_t>(place);
  return place;
}

void visit(Lineage& lineage, FunctionId function) {
  std::uint8_t& times = lineage.visits[hop_to(lineage, function)].times;
  times = one_more(times);
}

CallId call_at(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, 16> id{};
  std::copy_n(bytes.begin(), id.size(), id.begin());
  return CallId::from_bytes(id);
}

constexpr std::size_t kParentAt = 16;
constexpr std::size_t kDepthAt = 32;
constexpr std::size_t kVisitsAt = 33;
constexpr std::size_t kHopsAt = 65;
static_assert(kHopsAt + Lineage::kHopsMax / 2 == kPackedLineageSize);

// A place that does not exist names nobody.
std::uint8_t hop_from(std::uint8_t four_bits) {
  const bool known = four_bits < Lineage::kFunctionsMax || four_bits == Lineage::kNoHop;
  return known ? four_bits : Lineage::kHopForgotten;
}

}  // namespace

FunctionTag tag_of(FunctionId function) {
  const auto low = static_cast<std::uint32_t>(function.value & kTagMask);
  return FunctionTag{low == 0 && function.value != 0 ? kTagMask : low};
}

Lineage root_lineage(const CallId& id, FunctionId function) {
  Lineage lineage;
  lineage.root = id;
  visit(lineage, function);
  return lineage;
}

Lineage child_lineage(const Lineage& of_caller, const CallId& caller, FunctionId callee) {
  Lineage lineage = of_caller;
  lineage.parent = caller;
  lineage.depth = one_more(lineage.depth);
  visit(lineage, callee);
  return lineage;
}

Lineage fresh_root_lineage(const Lineage& of_caller, const CallId& id, FunctionId callee) {
  Lineage lineage = child_lineage(of_caller, CallId{}, callee);
  lineage.root = id;
  lineage.trace = {};
  return lineage;
}

Lineage lineage_before_calls(FunctionId function) {
  Lineage lineage;
  static_cast<void>(hop_to(lineage, function));
  return lineage;
}

std::uint8_t visits_of(const Lineage& lineage, FunctionTag function) {
  for (const auto& [visited, times] : lineage.visits) {
    if (visited == function) return times;
  }
  return 0;
}

FunctionTag last_hop(const Lineage& lineage) {
  const std::uint8_t place = lineage.hops.back();
  return place < Lineage::kFunctionsMax ? lineage.visits[place].function : FunctionTag{};
}

PackedLineage pack(const Lineage& lineage) {
  PackedLineage bytes{};
  std::memcpy(bytes.data(), lineage.root.bytes().data(), 16);
  std::memcpy(bytes.data() + kParentAt, lineage.parent.bytes().data(), 16);
  bytes[kDepthAt] = lineage.depth;
  for (std::size_t place = 0; place < Lineage::kFunctionsMax; ++place) {
    const auto& [function, times] = lineage.visits[place];
    std::uint8_t* const at = bytes.data() + kVisitsAt + 4 * place;
    at[0] = static_cast<std::uint8_t>(function.value >> 16);
    at[1] = static_cast<std::uint8_t>(function.value >> 8);
    at[2] = static_cast<std::uint8_t>(function.value);
    at[3] = times;
  }
  for (std::size_t hop = 0; hop < Lineage::kHopsMax; hop += 2) {
    bytes[kHopsAt + hop / 2] =
        static_cast<std::uint8_t>(lineage.hops[hop] << 4 | lineage.hops[hop + 1]);
  }
  return bytes;
}

Lineage unpack(std::span<const std::uint8_t, kPackedLineageSize> bytes) {
  Lineage lineage;
  lineage.root = call_at(bytes);
  lineage.parent = call_at(bytes.subspan(kParentAt));
  lineage.depth = bytes[kDepthAt];
  for (std::size_t place = 0; place < Lineage::kFunctionsMax; ++place) {
    const auto at = bytes.subspan(kVisitsAt + 4 * place, 4);
    const auto function =
        static_cast<std::uint32_t>(at[0]) << 16 | static_cast<std::uint32_t>(at[1]) << 8 | at[2];
    lineage.visits[place] = {FunctionTag{function}, at[3]};
  }
  for (std::size_t hop = 0; hop < Lineage::kHopsMax; ++hop) {
    const int two = bytes[kHopsAt + hop / 2];
    lineage.hops[hop] = hop_from(static_cast<std::uint8_t>(hop % 2 == 0 ? two >> 4 : two & 15));
  }
  return lineage;
}

StoredLineage store_lineage(const Lineage& lineage) {
  StoredLineage stored;
  const PackedLineage packed = pack(lineage);
  std::copy(packed.begin(), packed.end(), stored.bytes.begin());
  stored.size = packed.size();
  if (lineage.trace == TraceId{}) return stored;
  std::copy(lineage.trace.begin(), lineage.trace.end(), stored.bytes.begin() + kPackedLineageSize);
  stored.size = kStoredLineageMax;
  return stored;
}

std::optional<Lineage> stored_lineage(std::string_view bytes) {
  if (bytes.size() != kPackedLineageSize && bytes.size() != kStoredLineageMax) return std::nullopt;
  std::array<std::uint8_t, kStoredLineageMax> held{};
  std::memcpy(held.data(), bytes.data(), bytes.size());
  Lineage lineage = unpack(std::span(held).first<kPackedLineageSize>());
  std::copy(held.begin() + kPackedLineageSize, held.end(), lineage.trace.begin());
  return lineage;
}

}  // namespace convoke
