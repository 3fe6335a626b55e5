"""`convloom doctor`: what is there, what is missing, and the command that repairs it."""

from convloom.device.doctor import SIMULATION, examine


def add_arguments(parser):
    parser.epilog = "The exit code is 1 where something that the simulated device needs is missing."


def run(arguments):
    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark, text = ("ok     ", finding.found) if finding.problem is None else ("MISSING", finding.problem)
        print(f"{mark} {finding.name:{width}}  {text}  [{finding.needed_for}]")
    broken = [finding for finding in findings if finding.problem is not None]
    if not broken:
        print("All is there.")
    return int(any(finding.needed_for == SIMULATION for finding in broken))
