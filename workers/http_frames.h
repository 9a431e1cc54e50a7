// Requests through HTTP triggers as handler runtimes of ours get them, and answer them. Pure.
//
//   METHOD SP TARGET CR LF            STATUS CR LF
//   NAME ": " VALUE CR LF  ...        NAME ": " VALUE CR LF  ...
//   CR LF                             CR LF
//   BODY                              BODY
//
// The first is the event of an invoke frame (frames.h), the second the payload of a result frame.
#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kHttpAnswerHeadMax = 8UL << 10;  // beyond: BadResponse

[[nodiscard]] std::string http_event(const http::RequestHead& head, std::string_view body);

// BadResponse: it has another form, a status outside 200 to 599, or too long a head.
[[nodiscard]] Result<http::Response> read_http_answer(std::string payload);

}  // namespace convoke
