#include "core/dispatch/queued_event.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace convoke {
namespace {

constexpr std::string_view kMark{"\0convoke:", 9};
constexpr char kEvent = 'e';
constexpr char kRequest = 'h';

// The line without its end, taken off the front; nullopt: there is no whole one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// Leaves the body in `text`. nullopt: it is no request.
std::optional<http::RequestHead> take_head(std::string_view& text) {
  http::RequestHead head;
  const auto first = take_line(text);
  if (!first || first->find(' ') == std::string_view::npos) return std::nullopt;
  head.method = first->substr(0, first->find(' '));
  head.target = first->substr(head.method.size() + 1);
  while (const auto line = take_line(text)) {
    if (line->empty()) return head;
    const std::size_t colon = line->find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    head.headers.add(line->substr(0, colon), line->substr(colon + 2));
  }
  return std::nullopt;
}

// What follows the mark and this kind; nullopt: it is of another.
std::optional<std::string_view> after_mark(std::string_view queued, char kind) {
  if (!queued.starts_with(kMark) || queued.size() == kMark.size() || queued[kMark.size()] != kind)
    return std::nullopt;
  return queued.substr(kMark.size() + 1);
}

}  // namespace

std::string queued_event(std::string event) {
  if (event.starts_with(kMark)) event.insert(0, std::string(kMark) + kEvent);
  return event;
}

bool can_be_queued(const http::RequestHead& head) {
  const auto breaks = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  if (breaks(head.method) || breaks(head.target) || head.method.find(' ') != std::string::npos)
    return false;
  return std::none_of(head.headers.begin(), head.headers.end(), [&](const http::Header& header) {
    return breaks(header.name) || breaks(header.value) ||
           header.name.find(':') != std::string::npos;
  });
}

std::string queued_request(const http::RequestHead& head, std::string_view body) {
  std::string queued(kMark);
  ((((queued += kRequest) += head.method) += ' ') += head.target) += '\n';
  for (const http::Header& header : head.headers)
    (((queued += header.name) += ": ") += header.value) += '\n';
  return (queued += '\n').append(body);
}

std::shared_ptr<const std::string> queued_event_of(const Call& call) {
  if (call.http)
    return std::make_shared<const std::string>(queued_request(call.http->head, *call.event));
  if (!call.event->starts_with(kMark)) return call.event;
  return std::make_shared<const std::string>(queued_event(*call.event));
}

FromQueue read_queued(std::string queued) {
  if (const auto event = after_mark(queued, kEvent)) return {std::string(*event), nullptr};
  auto rest = after_mark(queued, kRequest);
  if (!rest) return {std::move(queued), nullptr};
  auto head = take_head(*rest);
  if (!head) return {std::move(queued), nullptr};
  return {std::string(*rest), std::make_shared<const HttpCall>(HttpCall{*std::move(head)})};
}

std::string_view payload_of(std::string_view queued) {
  if (const auto event = after_mark(queued, kEvent)) return *event;
  auto rest = after_mark(queued, kRequest);
  return rest && take_head(*rest) ? *rest : queued;
}

}  // namespace convoke
