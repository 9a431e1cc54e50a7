// CloudEvents 1.0 as they come over HTTP. Pure.
//
// By the Content-Type (CloudEvents, HTTP Protocol Binding 1.0, section 3):
//
//   application/cloudevents+json        structured: the body is an event in JSON
//   application/cloudevents-batch+json  batched: it is an array of them
//   any other, with ce-specversion      binary: attributes are headers `ce-NAME`, percent-encoded,
//                                       the body is the data
//
// Functions get all in the first form. What came so is passed on byte for byte. Of the last, data
// becomes a JSON value where its type says that it is JSON, a string where it is text in UTF-8,
// else data_base64.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"
#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kCloudEventsMax = 1'000;         // of a batch; ours
inline constexpr std::size_t kEventAttributesMax = 64;        // of an event; ours
inline constexpr std::size_t kEventAttributeBytesMax = 4096;  // of a value; ours
inline constexpr std::size_t kCloudEventDepthMax = 64;        // of its JSON; ours

struct CloudEvent {
  // Of all context attributes; those that are numbers or booleans as JSON writes them.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string json;

  [[nodiscard]] const std::string* find(std::string_view attribute) const;  // nullptr: absent
};

// In the order of the body. InvalidArgument says which event of a batch is wrong, and how: no
// CloudEvent at all, no JSON, an attribute that is missing (id, source, specversion, type), empty,
// too long, of a name or kind that none may have, or there twice.
[[nodiscard]] Result<std::vector<CloudEvent>> read_cloud_events(const http::Headers& headers,
                                                                std::string body);

}  // namespace convoke
