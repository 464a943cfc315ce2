// `trading-robot health [URL]`: whether one service is ready, as an exit code. What a container, a unit or a
// script asks, so that no image needs a program for HTTP.

import ServiceKit

/// How long the service may take to answer.
private let patience = Duration.seconds(3)

let healthCommand = Command(
    "health", "Asks one service whether it is ready: 0 if it is, 1 with the reasons if not.",
    settings: [CommonSettings.healthEndpoint.declaration],
    operands: [
        Operand(
            "URL", required: false,
            help:
                "http://HOST:PORT of the service; without it --health-endpoint, on this machine."
        )
    ]
) { context in
    let given = context.operands.first ?? context.settings[CommonSettings.healthEndpoint]
    guard let given else {
        throw WrongUse("Which service? Give its address, such as http://127.0.0.1:9102.")
    }
    guard var address = HTTPAddress(given), address.port > 0 else {
        throw WrongUse("\"\(given)\" is no address; allowed is http://HOST:PORT.")
    }
    // Where a service listens on every interface, it is asked on this machine.
    if address.host == "0.0.0.0" { address.host = HTTPAddress.loopback }
    guard let answer = HealthClient(timeout: patience).get("/ready", at: address) else {
        throw Failure("not_answering", "nobody answers at \(address)/ready")
    }
    writeToStandardOutput(answer.body)
    return answer.status == 200 ? .done : .failed
}
