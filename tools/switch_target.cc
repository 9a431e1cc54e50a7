#include "tools/switch_target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "tools/api_client.h"
#include "tools/function_name.h"

namespace convoke::cli {

void SwitchTarget::define(CLI::App& app) {
  app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION");
  app.add_option("--service", service_, "every function of this service, those to come included");
  app.add_flag("--all", all_, "every function of every service");
}

Outcome<Done> SwitchTarget::check() const {
  const int given = int{!name_.empty()} + int{!service_.empty()} + int{all_};
  if (given != 1) return usage_failure("say what: NAME, --service SERVICE, or --all");
  if (name_.empty()) return Done{};
  if (Outcome<FunctionName> name = FunctionName::parse(name_); !name) return name.failure();
  return Done{};
}

std::string SwitchTarget::function_path() const {
  return name_.empty() ? std::string() : FunctionName::parse(name_)->function_path();
}

std::string SwitchTarget::path(std::string_view verb) const {
  std::string root(kApiRoot);
  if (!name_.empty()) root = function_path();
  if (!service_.empty()) root = fmt::format("{}/services/{}", kApiRoot, percent_encoded(service_));
  return fmt::format("{}/invoke/{}", root, verb);
}

std::string SwitchTarget::text() const {
  if (all_) return "everything";
  return service_.empty() ? name_ : "service " + service_;
}

std::string SwitchTarget::words() const {
  if (all_) return "--all";
  return service_.empty() ? name_ : "--service " + service_;
}

std::string who_asks() {
  const char* const user = std::getenv("USER");
  std::array<char, 65> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}@{}", user != nullptr ? user : "?", host.data());
}

}  // namespace convoke::cli
