#include "queue/redis/slot_map.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace convoke::redis {
namespace {

constexpr std::size_t kQuotedMax = 100;  // bytes of what a server says, in a message of ours

Error odd(const std::string& why) {
  return {ErrorCode::kServiceUnavailable, "it says of its cluster what cannot be: " + why};
}

std::string quoted(std::string_view words) {
  std::string text(words.substr(0, kQuotedMax));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return "'" + text + "'";
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole && !text.empty() ? std::optional(number) : std::nullopt;
}

// A Unix socket is on this machine.
std::string host_of(const Address& address) {
  return address.kind == Address::Kind::kTcp ? address.host : "127.0.0.1";
}

std::optional<Address> address_at(std::string_view host, std::int64_t port, const Address& asked) {
  if (port < 1 || port > 65'535) return std::nullopt;
  std::string where = host.empty() ? host_of(asked) : std::string(host);
  if (where.find(':') != std::string::npos) where = "[" + where + "]";
  auto address = Address::parse(where + ":" + std::to_string(port));
  if (!address || address->kind != Address::Kind::kTcp) return std::nullopt;
  return *std::move(address);
}

Result<std::uint16_t> index_of(SlotMap& map, Address master) {
  const auto known = std::find_if(map.masters.begin(), map.masters.end(),
                                  [&](const Address& one) { return one.text() == master.text(); });
  const auto index = known - map.masters.begin();
  if (known == map.masters.end()) {
    if (map.masters.size() == kMastersMax) {
      return odd("more than " + std::to_string(kMastersMax) + " masters");
    }
    map.masters.push_back(std::move(master));
  }
  return static_cast<std::uint16_t>(index);
}

// {first slot, last slot, {host, port, id, ...} of the master, replicas...}.
Result<void> take_range(SlotMap& map, const Reply& range, const Address& asked) {
  const auto first = range[0].integer();
  const auto last = range[1].integer();
  const Reply master = range[2];
  constexpr auto kEnd = static_cast<std::int64_t>(kSlots);
  if (!first || !last || *first < 0 || *last < *first || *last >= kEnd || !master.is_array()) {
    return odd("a range of slots that is none");
  }
  auto address = address_at(master[0].text(), master[1].integer().value_or(0), asked);
  if (!address) {
    return odd("a master at host " + quoted(master[0].text()) +
               ", which is no address (names are not resolved: set cluster-announce-ip, and "
               "cluster-preferred-endpoint-type to ip)");
  }
  const auto index = index_of(map, *std::move(address));
  if (!index) return index.error();
  for (std::int64_t slot = *first; slot <= *last; ++slot) {
    std::uint16_t& owner = map.owners[static_cast<std::size_t>(slot)];
    if (owner != SlotMap::kNobody && owner != *index) {
      return odd("slot " + std::to_string(slot) + " has two masters");
    }
    owner = *index;
  }
  return {};
}

}  // namespace

std::size_t SlotMap::uncovered() const {
  return static_cast<std::size_t>(std::count(owners.begin(), owners.end(), kNobody));
}

Result<SlotMap> parse_slots(const Reply& reply, const Address& asked) {
  if (reply.is_error()) {
    return Error{ErrorCode::kServiceUnavailable,
                 "it does not say how its cluster is made up: " + quoted(reply.text())};
  }
  if (!reply.is_array()) return odd("no list of slots");
  if (reply.size() > kSlots) return odd("more ranges of slots than there are slots");
  SlotMap map;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (auto taken = take_range(map, reply[i], asked); !taken) return taken.error();
  }
  return map;
}

std::optional<Redirection> parse_redirection(std::string_view error, const Address& asked) {
  Redirection redirection;
  if (error.starts_with("ASK ")) {
    redirection.once = true;
    error.remove_prefix(4);
  } else if (error.starts_with("MOVED ")) {
    error.remove_prefix(6);
  } else {
    return std::nullopt;
  }
  const std::size_t space = error.find(' ');
  const std::size_t colon = error.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) {
    return std::nullopt;
  }
  const auto slot = number_in<std::uint32_t>(error.substr(0, space));
  const auto port = number_in<std::int64_t>(error.substr(colon + 1));
  if (!slot || *slot >= kSlots || !port) return std::nullopt;
  auto to = address_at(error.substr(space + 1, colon - space - 1), *port, asked);
  if (!to) return std::nullopt;
  redirection.slot = static_cast<Slot>(*slot);
  redirection.to = *std::move(to);
  return redirection;
}

}  // namespace convoke::redis
