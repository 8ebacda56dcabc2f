/// One request of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Seconds from the beginning of the trace.
    pub at_s: f64,
    /// Tokens of its prompt.
    pub input_tokens: u32,
    /// Tokens of its answer.
    pub output_tokens: u32,
}

/// A text that is no trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTrace {
    /// A column is missing.
    #[error("the first line has no column `{0}`; a trace begins with `t_s,input_tokens,output_tokens`")]
    NoColumn(&'static str),
    /// A line does not have the columns that it should.
    #[error("line {line}: `{column}` is not {wanted}")]
    BadValue {
        /// Counted from 1.
        line: usize,
        /// Which value.
        column: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// Requests are not in order.
    #[error("line {line}: comes before the line above; sort the trace by `t_s`")]
    OutOfOrder {
        /// Counted from 1.
        line: usize,
    },
    /// There is nothing in it.
    #[error("the trace has no request")]
    Empty,
}

/// Reads a trace: lines of comma-separated values with the columns `t_s`, `input_tokens` and
/// `output_tokens`, in any order among others, named by the first line.
///
/// # Errors
/// [`BadTrace`] for the first line that cannot be read.
pub fn read_trace(text: &str) -> Result<Vec<Arrival>, BadTrace> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let column = |name| header.split(',').position(|c| c.trim() == name).ok_or(BadTrace::NoColumn(name));
    let (at, input, output) = (column("t_s")?, column("input_tokens")?, column("output_tokens")?);
    let mut arrivals: Vec<Arrival> = Vec::new();
    for (number, line) in lines {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        let bad = |column, wanted| BadTrace::BadValue { line: number, column, wanted };
        let at_s = field(at).parse().ok().filter(|at: &f64| at.is_finite() && *at >= 0.0);
        let tokens = |index: usize, name| field(index).parse().map_err(|_| bad(name, "a number of tokens"));
        let arrival = Arrival {
            at_s: at_s.ok_or_else(|| bad("t_s", "a number of seconds"))?,
            input_tokens: tokens(input, "input_tokens")?,
            output_tokens: tokens(output, "output_tokens")?,
        };
        if arrivals.last().is_some_and(|last| last.at_s > arrival.at_s) {
            return Err(BadTrace::OutOfOrder { line: number });
        }
        arrivals.push(arrival);
    }
    if arrivals.is_empty() { Err(BadTrace::Empty) } else { Ok(arrivals) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let trace =
            read_trace("x,output_tokens,t_s,input_tokens\na,20,0.5,1000\n\nb,30,0.75,2000\n").unwrap();
        let second = Arrival { at_s: 0.75, input_tokens: 2000, output_tokens: 30 };
        assert_eq!((trace.len(), trace[1]), (2, second));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let head = "t_s,input_tokens,output_tokens\n";
        let of = |text: String| read_trace(&text).unwrap_err().to_string();
        assert!(of("t,input_tokens\n".to_owned()).contains("no column `t_s`"));
        assert!(of(format!("{head}1,2,3\n2,-1,3\n")).starts_with("line 3: `input_tokens`"));
        assert!(of(format!("{head}nan,2,3\n")).starts_with("line 2: `t_s`"));
        assert!(of(format!("{head}2,2,3\n1,2,3\n")).starts_with("line 3: comes before"));
        assert!(of(head.to_owned()).contains("no request"));
    }
}
