#include "core/registry/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "core/registry/shown.h"
#include "core/registry/trigger.h"

namespace convoke {
namespace {

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::size_t utf8_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a continuation byte
  }));
}

Result<void> check_name(std::string_view what, std::string_view name, std::size_t size_max) {
  const bool right = !name.empty() && name.size() <= size_max && !is_digit(name.front()) &&
                     name.front() != '-' &&
                     std::all_of(name.begin(), name.end(), is_name_character);
  if (right) return {};
  return invalid(
      fmt::format("{} is set to an invalid value (allowed: 1 to {} letters, digits, '_' and '-', "
                  "not beginning with a digit or '-', actual: '{}')",
                  what, size_max, shown(name)));
}

Result<void> check_range(std::string_view member, std::int64_t value, std::int64_t min,
                         std::int64_t max) {
  if (value >= min && value <= max) return {};
  return invalid(fmt::format("{} is set to an invalid value (allowed: {} to {}, actual: {})",
                             member, min, max, value));
}

Result<void> check_extra(const JsonMembers& extra) {
  std::size_t bytes = 0;
  for (const auto& [member, json] : extra) bytes += member.size() + json.size();
  if (bytes <= kExtraBytesMax) return {};
  return invalid(
      fmt::format("the configuration objects are too large together (max: {} bytes of "
                  "JSON, actual: {})",
                  kExtraBytesMax, bytes));
}

void merge(const JsonMembers& sent, JsonMembers& kept) {
  for (const auto& [member, json] : sent) kept.insert_or_assign(member, json);
}

// "module.function"; the module may lie in a folder: "folder/module.function".
bool is_python_handler(std::string_view handler) {
  const std::size_t dot = handler.rfind('.');
  return dot != std::string_view::npos && dot != 0 && dot + 1 != handler.size() &&
         handler[dot - 1] != '/' && handler.find('/', dot) == std::string_view::npos;
}

Result<void> check_handler(std::string_view member, std::string_view handler, Runtime runtime) {
  if (handler.size() > kHandlerBytesMax || std::any_of(handler.begin(), handler.end(), is_control))
    return invalid(fmt::format(
        "{} is set to an invalid value (allowed: at most {} characters, none of them a control "
        "character)",
        member, kHandlerBytesMax));
  if (runtime == Runtime::kPython3 && !is_python_handler(handler))
    return invalid(fmt::format(
        "{} is set to an invalid value (allowed for python3: 'module.function', actual: '{}')",
        member, shown(handler)));
  return {};
}

Result<void> check_environment_name(std::string_view name) {
  const bool right = !name.empty() && !is_digit(name.front()) &&
                     std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  if (right) return {};
  return invalid(
      fmt::format("environmentVariables has an invalid name (allowed: letters, digits and '_', not "
                  "beginning with a digit, actual: '{}')",
                  shown(name)));
}

Result<void> check_environment(const FunctionSpec& spec) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : spec.environment) {
    if (Result<void> named = check_environment_name(name); !named) return named;
    if (value.find('\0') != std::string::npos)
      return invalid(fmt::format("environmentVariables: the value of '{}' contains a NUL", name));
    bytes += name.size() + value.size();
  }
  if (bytes <= kEnvironmentBytesMax) return {};
  return invalid(fmt::format(
      "environmentVariables are too large (max: {} bytes of names and values, actual: {})",
      kEnvironmentBytesMax, bytes));
}

Result<void> set_environment(const FunctionFields& fields, FunctionSpec& spec) {
  if (!fields.environment) return {};
  spec.environment = *fields.environment;
  std::sort(spec.environment.begin(), spec.environment.end());
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  const auto twice =
      std::adjacent_find(spec.environment.begin(), spec.environment.end(), same_name);
  if (twice == spec.environment.end()) return {};
  return invalid(
      fmt::format("environmentVariables has the name '{}' more than once", shown(twice->first)));
}

Result<void> set_runtime(const FunctionFields& fields, FunctionSpec& spec,
                         const InProcessHandlers& in_process) {
  if (!fields.runtime && !spec.runtime_name.empty()) return {};
  const std::string name = fields.runtime.value_or("");  // a new function must name one
  const std::optional<Runtime> runtime = parse_runtime(name);
  if (!runtime || (*runtime == Runtime::kInProcess && !in_process))
    return invalid(
        fmt::format("Runtime is set to an invalid value (allowed: custom | python3, actual: '{}')",
                    shown(name)));
  spec.runtime = *runtime;
  spec.runtime_name = name;
  return {};
}

// One number of a definition: checked, then set.
template <class Target>
Result<void> set_number(std::string_view member, const std::optional<std::int64_t>& sent,
                        std::int64_t min, std::int64_t max, Target& target) {
  if (!sent) return {};
  if (Result<void> right = check_range(member, *sent, min, max); !right) return right;
  target = static_cast<Target>(*sent);
  return {};
}

Result<void> set_numbers(const FunctionFields& fields, FunctionSpec& spec) {
  for (const Result<void>& set :
       {set_number("initializationTimeout", fields.initialization_timeout_s, 1,
                   kInitializationTimeoutMax.count(), spec.initialization_timeout),
        set_number("timeout", fields.timeout_s, 1, kTimeoutMax.count(), spec.timeout),
        set_number("memorySize", fields.memory_mb, kMemoryMbMin, kMemoryMbMax, spec.memory_mb),
        set_number("instanceConcurrency", fields.instance_concurrency, 1, kInstanceConcurrencyMax,
                   spec.instance_concurrency),
        set_number("caPort", fields.ca_port, 1, 65'535, spec.ca_port)}) {
    if (!set) return set;
  }
  return {};
}

Result<void> check_handlers(const FunctionSpec& spec, const InProcessHandlers& in_process) {
  if (Result<void> right = check_handler("handler", spec.handler, spec.runtime); !right)
    return right;
  if (spec.runtime == Runtime::kInProcess && !(in_process && in_process(spec.handler)))
    return invalid(
        fmt::format("handler '{}' is not registered by the program that runs this engine",
                    shown(spec.handler)));
  if (spec.initializer.empty()) return {};
  return check_handler("initializer", spec.initializer, spec.runtime);
}

bool is_itself(const Destination& destination, const AsyncConfig& config) {
  const auto* to = std::get_if<FunctionDestination>(&destination.to);
  return to != nullptr && to->service == config.service && to->function == config.function &&
         (to->qualifier == config.qualifier ||
          (means_latest(to->qualifier) && means_latest(config.qualifier)));
}

Result<void> set_destination(std::string_view member, const std::optional<std::string>& sent,
                             const AsyncConfig& config, std::optional<Destination>& target) {
  if (!sent) return {};
  target.reset();
  if (sent->empty()) return {};
  Result<Destination> parsed = parse_destination(member, *sent);
  if (!parsed) return parsed.error();
  if (!config.allow_loop && is_itself(*parsed, config))
    return invalid(fmt::format(
        "{} names the function itself: each of its calls would cause another one, "
        "without end (actual: '{}'); name another function, or say allowLoop: true if it "
        "is meant",
        member, shown(*sent)));
  target = *std::move(parsed);
  return {};
}

template <class Member>
void set_if_sent(const std::optional<Member>& sent, Member& target) {
  if (sent) target = *sent;
}

}  // namespace

std::optional<Runtime> parse_runtime(std::string_view name) {
  constexpr std::string_view kPython = "python3";
  if (name == "custom") return Runtime::kCustom;
  if (name == "in-process") return Runtime::kInProcess;
  if (name == kPython) return Runtime::kPython3;
  if (!name.starts_with("python3.")) return std::nullopt;
  const std::string_view minor = name.substr(kPython.size() + 1);
  const bool numbered =
      !minor.empty() && minor.size() <= 2 && std::all_of(minor.begin(), minor.end(), is_digit);
  return numbered ? std::optional(Runtime::kPython3) : std::nullopt;
}

Result<void> check_service_name(std::string_view name) {
  return check_name("serviceName", name, kServiceNameMax);
}

Result<void> check_function_name(std::string_view name) {
  return check_name("functionName", name, kFunctionNameMax);
}

Result<void> check_trigger_name(std::string_view name) {
  return check_name("triggerName", name, kTriggerNameMax);
}

Result<void> check_description(std::string_view text) {
  const std::size_t size = utf8_characters(text);
  if (size <= kDescriptionCharactersMax) return {};
  return invalid(fmt::format("description is too long (max: {} characters, actual: {})",
                             kDescriptionCharactersMax, size));
}

Result<void> check_qualifier(std::string_view qualifier) {
  if (qualifier.size() <= kQualifierMax &&
      std::all_of(qualifier.begin(), qualifier.end(), is_name_character))
    return {};
  return invalid(
      fmt::format("qualifier is set to an invalid value (allowed: at most {} letters, digits, '_' "
                  "and '-', actual: '{}')",
                  kQualifierMax, shown(qualifier)));
}

Result<void> apply_fields(const ServiceFields& fields, Service& service) {
  set_if_sent(fields.description, service.description);
  set_if_sent(fields.role, service.role);
  set_if_sent(fields.internet_access, service.internet_access);
  merge(fields.extra, service.extra);
  if (service.role.size() > kRoleBytesMax)
    return invalid(fmt::format("role is too long (max: {} bytes)", kRoleBytesMax));
  if (Result<void> right = check_description(service.description); !right) return right;
  return check_extra(service.extra);
}

Result<void> apply_fields(const FunctionFields& fields, Function& function,
                          const InProcessHandlers& in_process) {
  FunctionSpec& spec = function.spec;
  set_if_sent(fields.description, spec.description);
  set_if_sent(fields.handler, spec.handler);
  set_if_sent(fields.initializer, spec.initializer);
  merge(fields.extra, function.extra);
  if (Result<void> set = set_runtime(fields, spec, in_process); !set) return set;
  if (Result<void> set = set_numbers(fields, spec); !set) return set;
  if (Result<void> set = set_environment(fields, spec); !set) return set;
  if (Result<void> right = check_description(spec.description); !right) return right;
  if (Result<void> right = check_handlers(spec, in_process); !right) return right;
  if (Result<void> right = check_environment(spec); !right) return right;
  return check_extra(function.extra);
}

Result<void> apply_fields(const AsyncConfigFields& fields, AsyncConfig& config) {
  if (fields.stateful) config.stateful = fields.stateful;
  set_if_sent(fields.allow_loop, config.allow_loop);
  for (const Result<void>& set : {set_number("maxAsyncEventAgeInSeconds", fields.age_max_s, 1,
                                             kAsyncAgeMaxMax.count(), config.age_max),
                                  set_number("maxAsyncRetryAttempts", fields.retries_max, 0,
                                             kAsyncRetriesMax, config.retries_max),
                                  set_destination("destinationConfig.onSuccess.destination",
                                                  fields.on_success, config, config.on_success),
                                  set_destination("destinationConfig.onFailure.destination",
                                                  fields.on_failure, config, config.on_failure)}) {
    if (!set) return set;
  }
  return {};
}

}  // namespace convoke
