#include "core/http/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/http/request_rules.h"

namespace convoke::http {
namespace {

// A declared length is a promise of the peer's, not a reason to set memory aside.
constexpr std::size_t kBodyReserveMax = 1UL << 20;

}  // namespace

Parser::Parser(Kind kind, const ParserLimits& limits) : limits_(limits), scan_(limits) {
  llhttp_init(&parser_, kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  parser_.data = this;
}

const llhttp_settings_t& Parser::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = &Parser::on_url;
    made.on_header_field = &Parser::on_field;
    made.on_header_value = &Parser::on_value;
    made.on_header_value_complete = &Parser::on_value_complete;
    made.on_headers_complete = &Parser::on_head_complete;
    made.on_body = &Parser::on_body;
    made.on_chunk_extension_name = &Parser::on_chunk_extension;
    made.on_chunk_extension_value = &Parser::on_chunk_extension;
    made.on_chunk_header = &Parser::on_chunk;
    made.on_message_complete = &Parser::on_message_complete;
    return made;
  }();
  return kSettings;
}

// In a head, llhttp is shown no byte that the scan has not passed: so whichever of the two refuses
// an earlier byte is the one that is heard.
Parser::Step Parser::advance(std::string_view bytes) {
  if (!error_.empty()) return {pending_, 0};
  if (!in_head_) return read(bytes);
  const HeadScan::Taken taken = scan_.take(bytes);
  const Step step = read(bytes.substr(0, taken.bytes));
  if (step.event != Event::kNeedMore || taken.verdict == HeadScan::Verdict::kMore) return step;
  error_ = explain(taken.verdict);
  pending_ = Event::kBad;
  return {Event::kBad, taken.bytes};
}

Parser::Step Parser::read(std::string_view bytes) {
  pending_ = Event::kNeedMore;
  const llhttp_errno_t status = llhttp_execute(&parser_, bytes.data(), bytes.size());
  if (status == HPE_OK) return {pending_, bytes.size()};
  const char* stopped = llhttp_get_error_pos(&parser_);
  const std::size_t consumed =
      stopped != nullptr ? static_cast<std::size_t>(stopped - bytes.data()) : 0;
  if (status != HPE_PAUSED) return failed(consumed);
  llhttp_resume(&parser_);
  return {pending_, consumed};
}

Parser::Step Parser::failed(std::size_t consumed) {
  if (pending_ != Event::kBodyTooLarge) pending_ = Event::kBad;
  if (error_.empty()) error_ = explain(llhttp_get_errno(&parser_));
  return {pending_, consumed};
}

std::string Parser::explain(llhttp_errno_t status) const {
  const bool request = parser_.type == HTTP_REQUEST;
  switch (status) {
    case HPE_INVALID_METHOD:
      return "the request does not begin with the name of an HTTP method (is it HTTPS, sent to a "
             "port that speaks HTTP?)";
    case HPE_INVALID_URL:
      return "the path or query contains a character that must be percent-encoded";
    case HPE_INVALID_VERSION:
      return fmt::format("the first line does not {} HTTP/1.1", request ? "end in" : "begin with");
    case HPE_INVALID_HEADER_TOKEN:
      return "a header line contains a character that may not stand there";
    case HPE_INVALID_CHUNK_SIZE:
      return "a chunk of the body does not begin with its size in hexadecimal digits";
    default:
      return fmt::format("the {} is not valid HTTP/1.1: {}", request ? "request" : "response",
                         llhttp_get_error_reason(&parser_));
  }
}

std::string Parser::explain(HeadScan::Verdict verdict) const {
  switch (verdict) {
    case HeadScan::Verdict::kBareLineFeed:
      return "a line of the head ends in LF alone: it must end in CR LF";
    case HeadScan::Verdict::kFolded:
      return "a header line begins with a blank: headers may not be folded over several lines";
    case HeadScan::Verdict::kFirstLineTooLong:
      if (parser_.type == HTTP_RESPONSE) return "the status line is too long";
      return fmt::format("the path and query are longer than {} bytes", limits_.target_bytes_max);
    case HeadScan::Verdict::kHeadersTooLarge:
      return fmt::format("the headers are larger than {} bytes", limits_.head_bytes_max);
    case HeadScan::Verdict::kTooManyHeaders:
      return fmt::format("there are more than {} header lines", limits_.headers_max);
    case HeadScan::Verdict::kMore:
    case HeadScan::Verdict::kEnd:
      break;
  }
  return "the head of the message does not end where it should";
}

Parser::Event Parser::finish() {
  if (!error_.empty()) return pending_;
  if (!begun()) return Event::kNeedMore;
  pending_ = Event::kNeedMore;
  const llhttp_errno_t status = llhttp_finish(&parser_);
  if (pending_ == Event::kMessage) {
    if (status == HPE_PAUSED) llhttp_resume(&parser_);
    return Event::kMessage;
  }
  error_ = "the connection ended in the middle of a message";
  return pending_ = Event::kBad;
}

void Parser::next_message() {
  scan_.reset();
  head_ = RequestHead{};
  body_ = std::string();
  body_max_ = std::numeric_limits<std::size_t>::max();
  beside_body_ = 0;
  in_head_ = true;
}

void Parser::set_body_max(std::size_t bytes) {
  body_max_ = bytes;
  if (chunked()) return;
  body_.reserve(std::min({content_length(), std::uint64_t{bytes}, std::uint64_t{kBodyReserveMax}}));
}

int Parser::refuse(std::string why) {
  error_ = std::move(why);
  return HPE_USER;
}

int Parser::on_url(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).head_.target.append(at, size);
  return HPE_OK;
}

int Parser::on_field(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  if (!self.in_head_) return self.count_beside_body(size);  // a trailer: nobody asked for it
  self.header_.name.append(at, size);
  return HPE_OK;
}

int Parser::on_value(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  if (!self.in_head_) return self.count_beside_body(size);
  self.header_.value.append(at, size);
  return HPE_OK;
}

int Parser::on_value_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  if (!self.in_head_) return HPE_OK;
  if (self.header_.name.empty()) return self.refuse("a header line has no name");
  self.head_.headers.add(std::exchange(self.header_, Header{}));
  return HPE_OK;
}

int Parser::on_head_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  const bool request = parser->type == HTTP_REQUEST;
  if (request) self.head_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser->method));
  if (const int wrong = self.judge_head(); wrong != HPE_OK) return wrong;
  if (request) parser->upgrade = 0;
  const int status = parser->status_code;
  const bool bodyless = self.no_body_ || status / 100 == 1 || status == 204 || status == 304;
  if (!request && bodyless) parser->flags |= F_SKIPBODY;  // whatever its headers say
  self.in_head_ = false;
  self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
  self.pending_ = Event::kHead;
  return HPE_PAUSED;
}

int Parser::judge_head() {
  if (parser_.type == HTTP_REQUEST) {
    // llhttp speaks RTSP and ICE as well.
    if (parser_.method >= HTTP_SOURCE && parser_.method <= HTTP_FLUSH) {
      return refuse(explain(HPE_INVALID_METHOD));
    }
    const Version version{parser_.http_major, parser_.http_minor};
    auto why = why_refused(head_, version, limits_.target_bytes_max);
    if (why) return refuse(*std::move(why));
  } else if (parser_.http_major != 1 || parser_.upgrade != 0) {
    return refuse("the peer speaks another protocol, or switches to one");
  }
  return judge_coding();
}

// Bodies that are coded in any other way would be handed on coded, and framed as each reader likes.
int Parser::judge_coding() {
  std::size_t codings = 0;
  bool chunked = true;
  for (const Header& header : head_.headers) {
    if (!equal_ignoring_case(header.name, "Transfer-Encoding")) continue;
    ++codings;
    chunked = chunked && equal_ignoring_case(header.value, "chunked");
  }
  if (codings == 0 || (codings == 1 && chunked)) return HPE_OK;
  return refuse("the only Transfer-Encoding that is understood is \"chunked\"");
}

// Bounded like a head: a peer may not go on for ever beside the body.
int Parser::count_beside_body(std::size_t bytes) {
  beside_body_ += bytes;
  if (beside_body_ <= limits_.head_bytes_max) return HPE_OK;
  return refuse(fmt::format("trailers and chunk extensions are larger than {} bytes",
                            limits_.head_bytes_max));
}

int Parser::on_chunk_extension(llhttp_t* parser, const char*, std::size_t size) {
  return of(parser).count_beside_body(size);
}

int Parser::on_body(llhttp_t* parser, const char* at, std::size_t size) {
  Parser& self = of(parser);
  if (size > self.body_max_ - self.body_.size()) {
    self.pending_ = Event::kBodyTooLarge;
    return self.refuse("the body is too large");
  }
  self.body_.append(at, size);
  return HPE_OK;
}

// A chunk that will be too large need not be waited for.
int Parser::on_chunk(llhttp_t* parser) {
  Parser& self = of(parser);
  if (parser->content_length <= self.body_max_ - self.body_.size()) return HPE_OK;
  self.pending_ = Event::kBodyTooLarge;
  return self.refuse("the body is too large");
}

int Parser::on_message_complete(llhttp_t* parser) {
  Parser& self = of(parser);
  self.pending_ = Event::kMessage;
  return HPE_PAUSED;
}

}  // namespace convoke::http
