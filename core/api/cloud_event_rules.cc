#include "core/api/cloud_event_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/registry/event_filter.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

constexpr std::array<std::string_view, 4> kRequired = {"id", "source", "specversion", "type"};

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Result<void> add_attribute(std::string_view name, std::string value, CloudEvent& event) {
  if (!is_event_attribute(name) || name == "data")
    return invalid(
        fmt::format("an attribute of a CloudEvent has an invalid name (allowed: lower-case letters "
                    "and digits, at most {}, but not data; actual: '{}')",
                    kEventAttributeNameBytesMax, shown(name)));
  if (event.find(name) != nullptr)
    return invalid(fmt::format("the attribute {} of a CloudEvent is there twice", name));
  if (event.attributes.size() == kEventAttributesMax)
    return invalid(fmt::format("a CloudEvent has more than {} attributes", kEventAttributesMax));
  if (value.empty() || value.size() > kEventAttributeBytesMax ||
      std::any_of(value.begin(), value.end(), is_control))
    return invalid(
        fmt::format("the attribute {} of a CloudEvent has an invalid value (allowed: 1 to {} "
                    "bytes, none of them a control character, actual: {} bytes)",
                    name, kEventAttributeBytesMax, value.size()));
  event.attributes.emplace_back(name, std::move(value));
  return {};
}

Result<void> check_attributes(const CloudEvent& event) {
  for (const std::string_view name : kRequired) {
    if (event.find(name) == nullptr)
      return invalid(fmt::format("a CloudEvent must have the attribute {}", name));
  }
  const std::string& version = *event.find("specversion");
  if (version == "1.0") return {};
  return invalid(
      fmt::format("specversion of a CloudEvent is set to an invalid value (allowed: 1.0, actual: "
                  "'{}')",
                  shown(version)));
}

}  // namespace convoke
