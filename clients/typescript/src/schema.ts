// Generated from the OpenAPI document: do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Lets a model call tools, turn by turn, until it answers. A field that is not set is not sent. */
        "AgentNode.data": {
            /**
             * @description The prompt, with `{{ expressions }}`. Without it, and without `parts`, the node sends its
             *     input: text as it is, other values as JSON.
             * @example Explain this: {{ input }}
             */
            prompt?: string | null;
            /** @description Images, files and further texts, sent before the prompt. */
            parts?: ({
                text: string;
            } | {
                inline: {
                    /** @description The MIME type, for example `image/png`. */
                    mime_type: string;
                    /** @description The data as base64, most often `{{ input.image }}`. */
                    data: string;
                };
            } | {
                file: {
                    /** @description The URI of the file. */
                    uri: string;
                    /** @description The MIME type, if the API cannot detect it. */
                    mime_type?: string | null;
                };
            })[];
            /** @description The system instruction: the model's role and rules, with `{{ expressions }}`. */
            system?: string | null;
            /** @description The model, for example `gemini-3.8-flash`, or a template for its name. If it is not set or empty, the service chooses. */
            model?: string | null;
            /** @description How random the choice of words is, from 0 to 2, or a template for it. Newer models ignore it. */
            temperature?: number | string | null;
            /**
             * Format: double
             * @description Choose among the most likely words with this total probability. Newer models ignore it.
             */
            top_p?: number | null;
            /**
             * Format: uint32
             * @description Choose among this number of the most likely words. Newer models ignore it.
             */
            top_k?: number | null;
            /**
             * Format: uint32
             * @description The most tokens of the answer. Thinking counts, too, so a small limit can leave no text.
             */
            max_output_tokens?: number | null;
            /**
             * @description Texts at which the model stops writing, up to five.
             * @default []
             */
            stop: string[];
            /**
             * Format: int32
             * @description A seed that makes answers reproducible, as far as the model supports it.
             */
            seed?: number | null;
            /** @description A JSON Schema that the answer has to match. The output is then the answer's JSON, not its text. */
            schema?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description How much models from Gemini 3 on may think: `low`, `medium`, `high`, on some models `minimal`
             *     or `xhigh`. If it is not set or empty, the model chooses. Not together with `thinking_budget`.
             * @default null
             */
            thinking_level: string | null;
            /**
             * Format: int32
             * @description The most tokens that a Gemini 2.5 model may think: 0 for none, -1 to let the model choose. Not
             *     together with `thinking_level`.
             */
            thinking_budget?: number | null;
            /** @description Whether to stream the model's thoughts. They are never part of the output. */
            include_thoughts?: boolean | null;
            /**
             * @description When to withhold answers: a threshold (`low_and_above`, `medium_and_above`, `only_high`, `none`,
             *     `off`) per category (`harassment`, `hate_speech`, `sexually_explicit`, `dangerous_content`,
             *     `civic_integrity`, `jailbreak`), or both as the API writes them.
             * @default {}
             */
            safety: {
                [key: string]: string;
            };
            /**
             * @description Further fields of the request's body, as the API writes them, for providers that take them. Not those that the request sets
             *     itself.
             */
            extra?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Speed and price: `flex` costs half and may take minutes or be refused under load, `priority` is
             *     served first. Without it `standard`.
             */
            service_tier?: ("flex" | "standard" | "priority") | null;
            /**
             * @description Whether the API may store the request and its answer in the project's logs. Default: the
             *     service's setting, or else the project's.
             */
            store?: boolean | null;
            /**
             * @description The models to use in turn if the one before is unavailable: unknown, overloaded, or over a
             *     limit.
             * @default []
             */
            fallback: string[];
            /**
             * @description Whether to stream the text while the model writes it.
             * @default true
             */
            stream: boolean;
            /** @description What the agent may call: at most 128 tools. */
            tools?: {
                /** @description The name by which the model calls it. */
                name: string;
                /** @description What it does, for the model. Default: the description of the `workflow`. */
                description?: string | null;
                /**
                 * @description The JSON Schema of the arguments, an object. Default: the `input` of the `workflow`; else there are no arguments.
                 * @default null
                 */
                input: {
                    [key: string]: unknown;
                } | null;
                /**
                 * @description The nodes that a call runs. They read the arguments as `args`, which is also the implicit input of the first ones. The
                 *     output of the last node is the result.
                 */
                nodes?: components["schemas"]["Node"][] | null;
                /** @description The name or id of the workflow that a call runs, instead of `nodes`. The arguments are its input. */
                workflow?: string | null;
                /** @description Asks a person before each call. */
                approve?: {
                    /**
                     * @description The question to the person, with `{{ args.… }}`.
                     * @example Refund {{ args.number }}?
                     */
                    message: string;
                    /**
                     * @description How long to wait for the answer: a duration, or a template for one. After that the call is refused with the code `expired`.
                     *     Default: no limit.
                     */
                    expires?: string | null;
                } | null;
                /**
                 * @description What happens when a call fails: the model gets the error, or the agent fails.
                 *     - `answer`: The model gets the error as the result of the call.
                 *     - `fail`: The other calls are cancelled, and the agent fails.
                 * @default answer
                 * @enum {string}
                 */
                on_error: "answer" | "fail";
                /** @description What happens to a call that was running when its host stopped: it runs again, or the agent fails. */
                on_ambiguous?: ("retry" | "fail") | null;
                /** @description The most time of a call, without the wait for an approval. */
                timeout?: string | null;
                /**
                 * Format: uint
                 * @description As the field of the agent, for this tool.
                 */
                max_result_bytes?: number | null;
                /**
                 * Format: uint
                 * @description As the field of the agent, for this tool.
                 */
                max_repeats?: number | null;
            }[];
            /**
             * Format: uint
             * @description The most turns.
             * @default 10
             */
            max_turns: number;
            /**
             * @description What happens when the last allowed turn gives no answer: the agent fails with `max_turns`, or it completes with the text so
             *     far.
             *     - `fail`: The agent fails with `max_turns`.
             *     - `continue`: The agent completes with the text so far, and `exhausted` is true.
             * @default fail
             * @enum {string}
             */
            on_max_turns: "fail" | "continue";
            /**
             * Format: uint
             * @description How many calls of a turn run at the same time. 1: one after another, in their order.
             * @default 8
             */
            concurrency: number;
            /**
             * Format: uint
             * @description The most calls of a turn. Those beyond are answered with an error.
             * @default 16
             */
            max_calls: number;
            /**
             * Format: uint
             * @description The most bytes of a result that reach the model. A larger one is cut; the log has all of it.
             * @default 65536
             */
            max_result_bytes: number;
            /**
             * Format: uint
             * @description In how many turns in a row the same call with the same arguments is made. After that it is answered with an error.
             * @default 3
             */
            max_repeats: number;
            /** @description The most time of an attempt at one turn. The `timeout` of the node is that of all of it. */
            turn_timeout?: string | null;
            /** @description The most that the agent may use, in its turns and in the calls of its tools. The budgets around it hold, too. */
            budget?: {
                /** @description Money, in US dollars with at most nine decimals; more than 0. */
                usd?: number | null;
                /**
                 * Format: uint64
                 * @description Tokens of requests and responses, thoughts and cached ones included; more than 0.
                 */
                tokens?: number | null;
                /**
                 * Format: uint64
                 * @description Requests to a model; more than 0.
                 */
                calls?: number | null;
                /** @description What happens when an attempt does not fit. Default: `fail`; of a run whose workflow has a budget, what that says. */
                when_exceeded?: ("fail" | "ask") | null;
            } | null;
            /**
             * @description Whether the first turn may or must call tools: `auto`, `required`, `none`, or `{"tool": name}`.
             * @default auto
             */
            tool_choice: ("auto" | "required" | "none") | {
                /** @description The tool that the first turn must call. */
                tool: string;
            };
        };
        /**
         * @description Requests to a model, tokens and money: the bound of an attempt, what is reserved for it, or what it used.
         *
         *     `None` is "not known", never zero: as a bound it means that there is none in this unit.
         *
         *     ```
         *     use workflow_core::value::{Amount, Usd};
         *
         *     // At most two requests of 5,000 tokens each. What they cost is not known.
         *     let bound = Amount::calls(2).with_tokens(10_000);
         *     assert_eq!(bound.usd, None);
         *     # let _ = bound.with_usd(Usd::from_nano(4_100_000));
         *     ```
         */
        Amount: {
            /**
             * @description Requests to a model.
             * @default 0
             */
            calls: number;
            /** @description Tokens of requests and responses, thoughts and cached ones included. */
            tokens?: number;
            /** @description Money. */
            usd?: components["schemas"]["Usd"];
        };
        /** @description One attempt of a step. */
        AttemptReport: {
            /** @description The number of the attempt, counted from 1. */
            attempt: number;
            /** @description When it started. */
            started_at: components["schemas"]["Timestamp"];
            /** @description When it ended; absent while it runs. */
            ended_at?: components["schemas"]["Timestamp"];
            /** @description Why it failed. */
            error?: components["schemas"]["Problem"];
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description The debug record of the attempt, such as the prompt as sent and the raw parts of the answer. In the log and in the
             *     history of the step only; streams and pages of events omit it (`StepEvent::shown`).
             */
            debug?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /** @description The request as it was sent, secrets by name only. In the log and in recordings; streams and pages of events omit it. */
            request?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /**
         * @description The most that a run, or a called workflow, may use. Absent units are not limited.
         *
         *     In JSON: `{"usd": 1.5, "tokens": 200000, "calls": 50, "when_exceeded": "ask"}`.
         */
        Budget: {
            /** @description Money, in US dollars with at most nine decimals; more than 0. */
            usd?: components["schemas"]["Usd"];
            /** @description Tokens of requests and responses, thoughts and cached ones included; more than 0. */
            tokens?: number;
            /** @description Requests to a model; more than 0. */
            calls?: number;
            /** @description What happens when an attempt does not fit. Default: `fail`; of a run whose workflow has a budget, what that says. */
            when_exceeded?: components["schemas"]["WhenExceeded"];
        };
        /** @description The budget of a run: the one it was started with within that of its workflow, as it is now. */
        BudgetReport: {
            /** @description The limits, with what persons have added. */
            limit: components["schemas"]["Budget"];
            /**
             * @description What attempts have used: what they reported, and all that was reserved for those that reported nothing. `usd` is absent if
             *     nothing is known of it.
             */
            spent: components["schemas"]["Amount"];
            /** @description Whether the price of something is not known, so that more than `spent.usd` was spent. */
            at_least?: boolean;
            /** @description What is reserved for attempts that run. */
            reserved: components["schemas"]["Amount"];
        };
        /**
         * @description How something differs between the runs.
         *     - `same`: It is the same in both: of a step, its status, its output, and the code of its error.
         *     - `changed`: It is in both, and differs.
         *     - `only_a`: It is in the first run only.
         *     - `only_b`: It is in the second run only.
         *     - `moved`: The step has another path, and did the same: both have the same key.
         * @enum {string}
         */
        Change: "same" | "changed" | "only_a" | "only_b" | "moved";
        /** @description The result of validation, and the graph of a valid workflow. */
        Checked: {
            valid: boolean;
            errors: components["schemas"]["Fault"][];
            warnings: components["schemas"]["Fault"][];
            graph: components["schemas"]["Graph"] | null;
        };
        /** @description How many results of an earlier run a run can reuse by content. */
        Continued: {
            /** @description How many results are available. */
            results: number;
            /** @description How many were left out because all together would have been too large. */
            left_out?: number;
        };
        /**
         * @description What something cost. A sum in which the price of a part is not known is "at least" this.
         *
         *     What has no known part at all is no `Cost` but `None`: there is no false zero.
         */
        Cost: {
            /** @description The money. */
            usd: components["schemas"]["Usd"];
            /** @description Whether a part has an unknown price, so that the true cost is higher. */
            at_least?: boolean;
        };
        /** @description The result of storing a workflow. */
        Created: {
            /** @description The id of the workflow, the same for all versions. */
            id: components["schemas"]["WorkflowId"];
            /** @description The `name` of the specification. */
            name: string | null;
            /** @description The version, counted from 1. */
            version: number;
            /** @description When this version was stored. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The specification, as submitted. */
            spec: unknown;
            /** @description Findings that do not prevent a run but are probably mistakes. */
            warnings?: components["schemas"]["Fault"][];
        };
        /** @description What nodes have unless they say so themselves. Not for nodes that contain or wait. */
        Defaults: {
            /** @description How often they are tried. */
            retry?: components["schemas"]["Retry"];
            /** @description How long an attempt may take. */
            timeout?: components["schemas"]["Duration"];
        };
        /** @description Waits for some time, or until a time. A run that waits for more than a minute is suspended and uses no resources. */
        "DelayNode.data": {
            /**
             * @description How long to wait: a duration, or a template for one. Either this or `until`.
             * @example 5m
             */
            for?: string | null;
            /**
             * @description Until when to wait: a time such as `2026-01-31T12:00:00Z`, or a template for one:
             *     `{{ run.started_at | add_duration('1d') }}`. At most 366 days ahead; a time that is over is no wait.
             */
            until?: string | null;
        };
        /** @description Numbers of steps. */
        DiffCounts: {
            /** @description The same in both. */
            same: number;
            /** @description In both, and different. */
            changed: number;
            /** @description With the same key at another path. */
            moved: number;
            /** @description In the first run only. */
            only_a: number;
            /** @description In the second run only. */
            only_b: number;
            /** @description Not compared, since the other run has more than 20,000 steps, and the step may be one of those that were not read. */
            not_compared?: number;
        };
        /**
         * @description Hints for a page that draws nodes of one type, so that the page knows no type by name.
         *
         *     Every hint is optional: without any, a node is a plain box with its type as the label. The hints are part of
         *     `GET /api/node-types`, and do not affect how a node runs.
         *
         *     ```
         *     use workflow_core::node::DisplayHints;
         *
         *     let hints = DisplayHints::new()
         *         .with_label("Translation")
         *         .with_icon("transform")
         *         .with_summary("language")
         *         .with_streamed_text();
         *     assert_eq!(hints.icon(), Some("transform"));
         *     ```
         */
        DisplayHints: {
            /** @description A human-readable name of the type. */
            label?: string;
            /** @description The name of an icon. A page draws an unknown name as a plain box. */
            icon?: string;
            /** @description The field of `data` that summarizes a node. Of a URL, the host is shown. */
            summary?: string;
            /** @description Whether a running node streams text. */
            streams_text: boolean;
        };
        /** @description A whole number and a unit: `500ms`, `30s`, `5m`, `24h` or `7d`; 366 days at most. */
        Duration: string;
        Edge: {
            from: components["schemas"]["NodeId"];
            to: components["schemas"]["NodeId"];
        };
        /**
         * @description What an attempt does outside of its run.
         *     - `none`: Nothing, except that it may cost money.
         *     - `reads`: It reads, and changes nothing.
         *     - `acts`: It changes something.
         *     - `unknown`: Not known.
         * @enum {string}
         */
        Effects: "none" | "reads" | "acts" | "unknown";
        /** @description The end of the run. */
        EndFrame: {
            /**
             * @description Distinguishes the last frame from frames of steps.
             * @enum {string}
             */
            type: "workflowStatus";
            status: components["schemas"]["EndStatus"];
            message: string;
        };
        /** @enum {string} */
        EndStatus: "completed" | "failed";
        /** @description Where an expression is evaluated. */
        EvaluateRequest: {
            /** @description The path of a step, such as `each/2/sum`. */
            at: string;
            /** @description The expression, without braces: at most 1,000 bytes. */
            expression: string;
        };
        /** @description The value of an expression. */
        Evaluated: {
            /** @description Any JSON of at most 64 KiB. */
            value: unknown;
        };
        /** @description A page of a run's log. */
        EventPage: {
            items: components["schemas"]["StepEvent"][];
            /** @description The value of `after` for the next page; `null` if there are no more events yet. */
            next_cursor: string | null;
        };
        /**
         * @description One fault: what is wrong, where, and how to correct it.
         *
         *     `Display` writes all of it on one line: `#/nodes/0/id: "1a" is not an id [invalid_id], …`.
         *
         *     ```
         *     use workflow_core::{Fault, error::FaultCode};
         *
         *     let fault = Fault::new(FaultCode::MissingField, "#/nodes/0", "`id` is missing")
         *         .with_hint("give the node an id");
         *     assert_eq!(
         *         fault.to_string(),
         *         "#/nodes/0: `id` is missing [missing_field], give the node an id"
         *     );
         *     ```
         */
        Fault: {
            /** @description The kind of fault. */
            code: components["schemas"]["FaultCode"];
            /**
             * @description The place: a JSON pointer in its URI form (RFC 6901, section 6), such as `#/nodes/1/data/prompt`. `#` is
             *     the whole document. In pointers longer than a few hundred characters, names of fields are cut.
             */
            pointer: string;
            /** @description What is wrong, with the value in question. */
            detail: string;
            /** @description How to correct it. */
            hint?: string;
        };
        /**
         * @description The kinds of fault. Codes never change their meaning; later versions may add some.
         *     - `invalid_value`: A value has the wrong type or is out of its range.
         *     - `missing_field`: A required field is missing.
         *     - `unknown_field`: A field is not defined here.
         *     - `duplicate_field`: An object has a key twice. Found when JSON text is read: most JSON readers keep the last value silently.
         *     - `not_applicable`: A field has no meaning for a node of this type.
         *     - `too_many_nodes`: The workflow has more nodes than allowed, those in its maps and loops included.
         *     - `nested_too_deep`: Maps, loops, called workflows or JSON values are nested deeper than allowed.
         *     - `too_many_workflows`: More workflows are called, directly or indirectly, than allowed.
         *     - `invalid_id`: An `id` does not have the form of an id.
         *     - `duplicate_id`: Two nodes have the same `id`.
         *     - `id_collision`: Two ids are the same in templates, where `-` is written `_`.
         *     - `reserved_name`: A name has another meaning in templates.
         *     - `unknown_type`: No node type has this name.
         *     - `unknown_workflow`: No workflow has this name or id.
         *     - `ambiguous_workflow`: Several workflows have this name: a call by it could mean any of them.
         *     - `unknown_reference`: `needs` or a template names something that does not exist.
         *     - `unknown_field_reference`: A template reads a field that the schema of the value excludes.
         *     - `not_an_ancestor`: A template reads a node that may not have run yet.
         *     - `other_branch`: A node reads one in another branch of a switch, which is always skipped when the reader runs.
         *     - `cycle`: Nodes need each other, or workflows call each other, in a cycle.
         *     - `template_syntax`: A template or expression does not parse.
         *     - `template_too_large`: A template or expression exceeds one of its limits.
         *     - `template_without_input`: A prompt reads nothing, so it never changes.
         *     - `not_a_template`: `{{` in a field that is used literally.
         *     - `secret_not_allowed`: `$secret` in a field that does not accept secrets.
         *     - `no_implicit_input`: The node reads the output of its one need, but has several needs.
         *     - `shadowed_name`: A visible name is defined a second time: by a `set`, `for` or `with` of a template, by `as`, or by an
         *     id within a map or loop.
         *     - `missing_result`: A step is to run alone, and a step that it needs has no result.
         *     - `hidden_name`: A warning: a node, an item or a name in a template is called `run`, so that the run itself cannot be read; or one in or around
         *     a loop is called `history`, so that the results of its earlier rounds cannot be.
         *     - `constant_condition`: A warning: a condition reads nothing, so its result is always the same.
         *     - `unused_node`: A warning: nothing reads the output of the node, and the node has no side effects.
         *     - `name_in_use`: A warning: another stored workflow has this name, so neither can be called by it.
         *     - `invalid_example`: A warning: one of the `examples` in the workflow's `input` schema does not match the schema.
         *     - `outlasts_timeout`: A warning: a wait is as long as the timeout around it, or longer.
         *     - `ambiguous_tool`: A warning: a tool of an agent may change something outside of the run, and does not say what happens to a call of it that
         *     was running when its host stopped.
         * @enum {string}
         */
        FaultCode: "invalid_value" | "missing_field" | "unknown_field" | "duplicate_field" | "not_applicable" | "too_many_nodes" | "nested_too_deep" | "too_many_workflows" | "invalid_id" | "duplicate_id" | "id_collision" | "reserved_name" | "unknown_type" | "unknown_workflow" | "ambiguous_workflow" | "unknown_reference" | "unknown_field_reference" | "not_an_ancestor" | "other_branch" | "cycle" | "template_syntax" | "template_too_large" | "template_without_input" | "not_a_template" | "secret_not_allowed" | "no_implicit_input" | "shadowed_name" | "missing_result" | "hidden_name" | "constant_condition" | "unused_node" | "name_in_use" | "invalid_example" | "outlasts_timeout" | "ambiguous_tool";
        /** @description A frame of the simple stream: a step's status, or the end of the run. */
        Frame: components["schemas"]["StepFrame"] | components["schemas"]["EndFrame"];
        /** @enum {string} */
        FrameStatus: "running" | "success" | "retrying" | "failure" | "info";
        /** @description Nodes and edges, for drawing. */
        Graph: {
            nodes: components["schemas"]["NodeOutline"][];
            edges: components["schemas"]["Edge"][];
        };
        /** @description Makes one HTTP call. */
        "HttpNode.data": {
            /**
             * @description The HTTP method. `GET` and `HEAD` have no body.
             * @enum {string}
             */
            method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
            /**
             * @description The URL, with `{{ expressions }}`. Their values are inserted without encoding; use `query` for
             *     values that need it. Or the name of a secret that is the whole URL, such as that of a webhook.
             * @example https://api.example.com/items
             */
            url: string | {
                $secret: string;
            };
            /** @description Query parameters, appended to the URL and encoded: names, and texts with `{{ expressions }}`. */
            query?: {
                [key: string]: string;
            };
            /** @description Headers: texts with `{{ expressions }}`, or secrets of the service by their names. */
            headers?: {
                [key: string]: string | {
                    $secret: string;
                };
            };
            /** @description A body of JSON, with `{{ expressions }}` in its strings. Not together with `body`. */
            json?: unknown;
            /** @description A body of text, with `{{ expressions }}`. Not together with `json`. */
            body?: string | null;
            /**
             * @description The statuses that count as success: one, a class such as `2xx`, or a list of them. Any other
             *     status fails the step.
             * @default 2xx
             */
            expect_status: number | string | (number | string)[];
            /**
             * @description What the call does to others: `none` and `reads` change nothing, `acts` changes something, so that a run with overrides asks a
             *     person first. Default: `GET` and `HEAD` read, other methods act.
             * @enum {string|null}
             */
            effects?: "none" | "reads" | "acts" | null;
        };
        /** @description The body of a problem response. */
        HttpProblem: {
            /**
             * @description The kind of problem as a URI reference: `/problems/` with the code in kebab case.
             * @default
             */
            type: string;
            /** @description A short name of the kind of problem. */
            title: string;
            /**
             * @description What programs match on.
             * @enum {string}
             */
            code: "invalid_json" | "json_too_deep" | "unreadable_body" | "unknown_parameter" | "invalid_query" | "bad_cursor" | "invalid_event_id" | "beyond_the_end" | "invalid_idempotency_key" | "invalid_if_match" | "malformed_request" | "unauthorized" | "host_not_allowed" | "foreign_origin" | "not_found" | "unknown_workflow" | "unknown_version" | "unknown_run" | "unknown_step" | "unknown_wait" | "run_not_ended" | "run_stopped" | "wait_answered" | "wait_ended" | "wait_expired" | "other_version" | "method_not_allowed" | "not_acceptable" | "body_too_slow" | "body_too_large" | "url_too_long" | "head_too_large" | "unsupported_media_type" | "invalid_workflow" | "invalid_input" | "invalid_answer" | "invalid_body" | "idempotency_key_reused" | "busy" | "too_many_requests" | "too_many_readers" | "too_many_wrong_keys" | "too_many_bodies" | "too_many_connections" | "interrupted" | "store_unavailable" | "shutting_down" | "internal";
            /** @description What happened in this case, in one sentence. */
            detail: string;
            /** @description What the caller can do about it. */
            hint?: string;
            /** @description The shortest wait before another attempt, in milliseconds, as the other side requests it. */
            retry_after_ms?: number;
            /** @description The single faults, for a problem that has several. */
            errors?: components["schemas"]["Fault"][];
            /** @description The HTTP status of the response. */
            status: number;
        };
        /** @description Waits for the answer of a person, which becomes its output. */
        "HumanNode.data": {
            /**
             * @description The question to the person, with `{{ expressions }}`.
             * @example Is this good?
             *
             *     {{ input }}
             */
            message: string;
            /**
             * @description A JSON Schema that the answer must fit.
             * @default null
             */
            schema: {
                [key: string]: unknown;
            } | null;
            /** @description How long to wait for the answer: a duration, or a template for one. After that the step fails with the code `expired`. Default: no limit. */
            expires?: string | null;
        };
        /** @description Sends a prompt to the model. A field that is not set is not sent. */
        "LLMNode.data": {
            /**
             * @description The prompt, with `{{ expressions }}`. Without it, and without `parts`, the node sends its
             *     input: text as it is, other values as JSON.
             * @example Explain this: {{ input }}
             */
            prompt?: string | null;
            /**
             * @description The conversation before the prompt: a list of `{"role": "user", "text": "…"}` and `{"role": "assistant", "text": "…"}`,
             *     oldest first, with `{{ expressions }}`; or a template for such a list.
             */
            history?: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                text: string;
            }[] | string | null;
            /** @description Images, files and further texts, sent before the prompt. */
            parts?: ({
                text: string;
            } | {
                inline: {
                    /** @description The MIME type, for example `image/png`. */
                    mime_type: string;
                    /** @description The data as base64, most often `{{ input.image }}`. */
                    data: string;
                };
            } | {
                file: {
                    /** @description The URI of the file. */
                    uri: string;
                    /** @description The MIME type, if the API cannot detect it. */
                    mime_type?: string | null;
                };
            })[];
            /** @description The system instruction: the model's role and rules, with `{{ expressions }}`. */
            system?: string | null;
            /** @description The model, for example `gemini-3.8-flash`, or a template for its name. If it is not set or empty, the service chooses. */
            model?: string | null;
            /** @description How random the choice of words is, from 0 to 2, or a template for it. Newer models ignore it. */
            temperature?: number | string | null;
            /**
             * Format: double
             * @description Choose among the most likely words with this total probability. Newer models ignore it.
             */
            top_p?: number | null;
            /**
             * Format: uint32
             * @description Choose among this number of the most likely words. Newer models ignore it.
             */
            top_k?: number | null;
            /**
             * Format: uint32
             * @description The most tokens of the answer. Thinking counts, too, so a small limit can leave no text.
             */
            max_output_tokens?: number | null;
            /**
             * @description Texts at which the model stops writing, up to five.
             * @default []
             */
            stop: string[];
            /**
             * Format: int32
             * @description A seed that makes answers reproducible, as far as the model supports it.
             */
            seed?: number | null;
            /** @description A JSON Schema that the answer has to match. The output is then the answer's JSON, not its text. */
            schema?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description How much models from Gemini 3 on may think: `low`, `medium`, `high`, on some models `minimal`
             *     or `xhigh`. If it is not set or empty, the model chooses. Not together with `thinking_budget`.
             * @default null
             */
            thinking_level: string | null;
            /**
             * Format: int32
             * @description The most tokens that a Gemini 2.5 model may think: 0 for none, -1 to let the model choose. Not
             *     together with `thinking_level`.
             */
            thinking_budget?: number | null;
            /** @description Whether to stream the model's thoughts. They are never part of the output. */
            include_thoughts?: boolean | null;
            /**
             * @description When to withhold answers: a threshold (`low_and_above`, `medium_and_above`, `only_high`, `none`,
             *     `off`) per category (`harassment`, `hate_speech`, `sexually_explicit`, `dangerous_content`,
             *     `civic_integrity`, `jailbreak`), or both as the API writes them.
             * @default {}
             */
            safety: {
                [key: string]: string;
            };
            /** @description The tools that the model may use: names, or tools as the API writes them. */
            tools?: (string | Record<string, never>)[];
            /** @description How the model may use tools, as the API writes it (`toolConfig`). */
            tool_config?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Further fields of the request's body, as the API writes them, for providers that take them. Not those that the request sets
             *     itself.
             */
            extra?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Speed and price: `flex` costs half and may take minutes or be refused under load, `priority` is
             *     served first. Without it `standard`.
             */
            service_tier?: ("flex" | "standard" | "priority") | null;
            /**
             * @description Whether the API may store the request and its answer in the project's logs. Default: the
             *     service's setting, or else the project's.
             */
            store?: boolean | null;
            /**
             * @description The models to use in turn if the one before is unavailable: unknown, overloaded, or over a
             *     limit.
             * @default []
             */
            fallback: string[];
            /**
             * @description Whether to stream the text while the model writes it.
             * @default true
             */
            stream: boolean;
        };
        /** @description Limits of the service and of its engine. */
        Limits: {
            /** @description The most bytes of a request body. */
            body_bytes: number;
            /** @description The most items of a page of a list. */
            page_items: number;
            /** @description Runs that execute at the same time. */
            concurrent_runs: number;
            /** @description Runs that wait for admission. */
            queued_runs: number;
            /** @description Bytes of memory that all runs hold together while they are being stored or executed. */
            memory_budget_bytes: number;
            /** @description Steps of one run that execute at the same time. */
            concurrent_steps: number;
            /** @description Events of one run. */
            events: number;
            /** @description Items of one map. */
            map_items: number;
            /**
             * @description Frames of one run that are open at the same time: its own nodes, items of maps, rounds of loops and called
             *     workflows.
             */
            open_frames: number;
            /** @description Bytes of memory that the values of one run hold. */
            run_memory_bytes: number;
            /** @description Nodes of one workflow, including those in maps and loops. */
            nodes: number;
            /** @description Levels of nested maps, loops and called workflows. */
            nesting: number;
            /** @description Bytes of the output of one step. */
            output_bytes: number;
            /** @description Bytes of the result of a run, a map or a loop. */
            result_bytes: number;
            /** @description Bytes of one template. */
            template_bytes: number;
        };
        /** @description A run with the URLs of its actions, so that clients need not build them. */
        LinkedRunRecord: {
            /** @description The id of the run. */
            id: components["schemas"]["RunId"];
            /** @description The workflow and its pinned version. */
            workflow: components["schemas"]["WorkflowRef"];
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The first 120 characters of the input: of a text, or else of its JSON. */
            input_excerpt: string;
            /** @description The earlier run that this one re-runs. */
            retry_of?: components["schemas"]["RunId"];
            /** @description The status of the run. */
            status: components["schemas"]["RunStatus"];
            /** @description The number of the last event. */
            last_seq: number;
            /** @description When it started. */
            started_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from creation to start. */
            queued_ms?: number;
            /** @description When it ended. */
            ended_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from start to end; absent until it has ended, or if it ended before it started. */
            duration_ms?: number;
            /** @description When it continues without an answer, while its status is `waiting`. */
            wake_at?: components["schemas"]["Timestamp"];
            /** @description The number of answers that it waits for, while its status is `waiting`; absent if it waits for times only. */
            awaiting_answers?: number;
            /** @description The time of the last event. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description The tokens used so far. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost so far; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Its states over time, as a coarse timeline of at most 20 spans. */
            spans?: components["schemas"]["Span"][];
            links: components["schemas"]["Links"];
        };
        /** @description A run with the URLs of its actions, so that clients need not build them. */
        LinkedRunReport: {
            /** @description The id of the run. */
            id: components["schemas"]["RunId"];
            /** @description The workflow and its pinned version. */
            workflow: components["schemas"]["WorkflowRef"];
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The first 120 characters of the input: of a text, or else of its JSON. */
            input_excerpt: string;
            /** @description The earlier run that this one re-runs. */
            retry_of?: components["schemas"]["RunId"];
            /** @description The status of the run. */
            status: components["schemas"]["RunStatus"];
            /** @description The number of the last event. */
            last_seq: number;
            /** @description When it started. */
            started_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from creation to start. */
            queued_ms?: number;
            /** @description When it ended. */
            ended_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from start to end; absent until it has ended, or if it ended before it started. */
            duration_ms?: number;
            /** @description When it continues without an answer, while its status is `waiting`. */
            wake_at?: components["schemas"]["Timestamp"];
            /** @description The number of answers that it waits for, while its status is `waiting`; absent if it waits for times only. */
            awaiting_answers?: number;
            /** @description The time of the last event. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description The tokens used so far. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost so far; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Its states over time, as a coarse timeline of at most 20 spans. */
            spans?: components["schemas"]["Span"][];
            /** @description The input of the run. */
            input: unknown;
            /** @description Data of the caller, stored with the run. */
            metadata?: unknown;
            /** @description What it was started with besides its input; absent for most runs. */
            origin?: components["schemas"]["RunOrigin"];
            /** @description The result, if it completed. */
            output?: unknown;
            /** @description Why it failed. It is there already while its `on_failure` runs. */
            error?: components["schemas"]["Problem"];
            /** @description Why its `on_failure` did not complete. */
            on_failure_error?: components["schemas"]["Problem"];
            /** @description The budget of the run; absent if neither it nor its workflow has one. */
            budget?: components["schemas"]["BudgetReport"];
            /** @description Why the engine cannot continue it, for example because its log is damaged or a node type is missing. */
            blocked?: components["schemas"]["Problem"];
            /** @description The open waits for persons, at most `MAX_WAITS`, with truncated messages. */
            waits?: components["schemas"]["WaitReport"][];
            /** @description Whether `waits` is incomplete. */
            waits_omitted?: boolean;
            /**
             * @description When its host was down before it ended; the first 100 outages. An attempt that was running then is started again
             *     with `reason: "recovered"`.
             */
            outages?: components["schemas"]["Outage"][];
            /**
             * @description The top-level steps in the order of the specification, then those within maps, loops and called workflows in the
             *     order they started, and those of `on_failure` once the run has failed, at most `MAX_INNER_STEPS`.
             */
            steps: components["schemas"]["StepReport"][];
            /** @description Whether `steps` is incomplete. */
            steps_omitted?: boolean;
            links: components["schemas"]["Links"];
        };
        /** @description URLs that belong to a run. */
        Links: {
            self: string;
            events: string;
            cancel: string;
            retry: string;
            workflow: string;
        };
        /** @description Repeats its nodes until an expression over them is true. */
        "LoopNode.data": {
            /**
             * @description When to stop, as a bare expression over the nodes of the round: `judge.output.score >= 0.8`.
             * @example index >= 2
             */
            until: string;
            /**
             * Format: uint
             * @description The most rounds.
             * @example 3
             */
            max: number;
            /**
             * @description What happens when `max` rounds have ended and `until` is still false: the loop completes with the result of the
             *     last round, or it fails with `max_rounds`.
             *     - `continue`: The loop completes with the result of the last round, and `exhausted` is true.
             *     - `fail`: The loop fails with `max_rounds`.
             * @enum {string}
             */
            on_max?: "continue" | "fail";
            /**
             * @description The nodes of a round. `index` is the number of the round, from 0, `previous` the result of the round
             *     before, `null` in the first round, and `history` the list of the results before, the newest that fit into 1 MiB.
             */
            nodes: components["schemas"]["Node"][];
            /**
             * @description The result of a round, and of the last round for the loop: any JSON with templates. Default: the output of
             *     the last node.
             */
            output?: unknown;
        };
        /** @description Runs its nodes once for each item of a list. The output is the list of their results, in order. */
        "MapNode.data": {
            /** @description The list, as a bare expression: `input.docs`. At most 10,000 items. */
            over: string;
            /**
             * @description The name of an item in the body. Its number, from 0, is `index`.
             * @default item
             */
            as: string;
            /**
             * Format: uint
             * @description How many items are processed at the same time.
             * @default 4
             */
            concurrency: number;
            /**
             * @description What happens when an item fails: the map fails, or the result of the item is `null`.
             *     - `fail`: The other items are cancelled, and the map fails.
             *     - `null`: The result of the item is `null`.
             * @enum {string}
             */
            on_item_error?: "fail" | "null";
            /** @description The nodes to run for each item. */
            nodes: components["schemas"]["Node"][];
        };
        /** @description A step of the workflow. */
        Node: {
            /** @description What other nodes call it: in templates, a `-` is written `_`. */
            id: components["schemas"]["NodeId"];
            /** @description What kind of node it is. */
            type: components["schemas"]["NodeTypeName"];
            /** @description What it does, as its type says. */
            data?: {
                [key: string]: unknown;
            };
            /** @description What it is called on a page. */
            name?: string;
            /** @description What must be settled before it starts. Without it: the node just above. `[]`: nothing. */
            needs?: components["schemas"]["NodeId"][];
            /** @description A bare expression: the node is skipped unless it is true. */
            when?: string;
            /**
             * @description A switch and one of its cases, such as `route.refund`: the node is skipped unless that case is chosen. It needs the
             *     switch. Without `needs`, it needs nothing else.
             */
            case?: string;
            /**
             * @description A bare expression that also sees the output of the node itself: if it is true when the node completes, the workflow
             *     completes at once with that output. Not for nodes in maps and loops.
             */
            stop_when?: string;
            /** @description How often it is tried. Not for nodes that contain or wait. */
            retry?: components["schemas"]["Retry"];
            /** @description How long an attempt may take; of a map, loop or called workflow, how long all of it may take. */
            timeout?: components["schemas"]["Duration"];
            /** @description What follows when it fails. */
            on_error?: components["schemas"]["OnError"];
            /** @description What follows when the service stopped while it was at work. */
            on_ambiguous?: components["schemas"]["OnAmbiguous"];
        } & (unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown);
        NodeId: string;
        /** @description A node as shown in `run.created` and in graphs. */
        NodeOutline: {
            /** @description Its id. */
            id: components["schemas"]["NodeId"];
            /** @description Its type. */
            type: string;
            /** @description Its display name. */
            name?: string;
            /** @description The nodes that must be settled (completed, failed or skipped) before it starts. */
            needs: components["schemas"]["NodeId"][];
            /** @description The switch and its case that it needs, such as `route.refund`: it is skipped unless that case is chosen. */
            case?: string;
            /** @description Whether it can end the workflow, by its `stop_when`. */
            stops?: boolean;
            /** @description The workflow that it calls, by name or id. Its nodes are in `RunCreated::workflows`. */
            workflow?: string;
            /**
             * @description The nodes of the body of a map, a loop or a tool. Of an agent: its turn (`turn`, of the type `AgentTurn`), its tools (`ToolCall`), and
             *     `unknown` (`ToolCall`), for calls of tools that it does not have.
             */
            nodes?: components["schemas"]["NodeOutline"][];
        };
        /** @description One kind of node. */
        NodeType: {
            /** @description The name a workflow's `type` uses. */
            type: string;
            /** @description What a running node of this type does. */
            activity: string;
            display: components["schemas"]["DisplayHints"];
            /** @description Models to choose from, as workflows write them in the field `model` of `data`: `local/qwen3:8b`. By the configuration of the service; other names are allowed. Absent if none are listed. */
            models?: string[];
            /** @description The JSON Schema of `data`. */
            schema: Record<string, never>;
        };
        /**
         * @description The name of a node type.
         * @enum {string}
         */
        NodeTypeName: "AgentNode" | "DelayNode" | "HttpNode" | "HumanNode" | "LLMNode" | "LoopNode" | "MapNode" | "PromptNode" | "SwitchNode" | "TransformNode" | "WorkflowNode";
        /** @description The node types of the registry, and the limits that a client can check before it sends a request. */
        NodeTypes: {
            items: components["schemas"]["NodeType"][];
            limits: components["schemas"]["Limits"];
            /** @description Whether the replies of models are simulated. */
            simulated: boolean;
            /** @description The name of the instance that answers, if there are several. */
            instance?: string;
            /** @description How many instances serve the same workflows and runs, if there are several. */
            instances?: number;
        };
        /**
         * @description What follows when a node was in flight as its host stopped.
         *     - `retry`: The node is attempted again.
         *     - `fail`: The node fails, since it must not run twice.
         * @enum {string}
         */
        OnAmbiguous: "retry" | "fail";
        /** @description What follows when a node fails for good. */
        OnError: components["schemas"]["OnErrorWord"] | components["schemas"]["OnErrorOutput"];
        OnErrorOutput: {
            /** @description The output, as it stands. */
            output: unknown;
        };
        /** @enum {string} */
        OnErrorWord: "fail" | "continue";
        /** @description A period in which a run could not continue because its host was down. */
        Outage: {
            /** @description The time of the last event before it: of `run.suspended` if the host was shut down, of any event if it crashed. */
            since: components["schemas"]["Timestamp"];
            /** @description The time of the first event after it. */
            until: components["schemas"]["Timestamp"];
        };
        /** @description One operation of a JSON Patch (RFC 6902). A difference has these three only. */
        PatchOperation: {
            /** @constant */
            op: "add";
            /** @description The place, as a JSON pointer (RFC 6901). */
            path: string;
            /** @description What is added. */
            value: unknown;
        } | {
            /** @constant */
            op: "remove";
            /** @description The place, as a JSON pointer. */
            path: string;
        } | {
            /** @constant */
            op: "replace";
            /** @description The place, as a JSON pointer. */
            path: string;
            /** @description The new value. */
            value: unknown;
        };
        /** @description A called workflow, pinned for a run. */
        PinnedWorkflow: {
            /** @description The name or id by which it is called, as written in the calling node. */
            workflow: string;
            /** @description The stored workflow; absent if a program passed it in a library. */
            workflow_id?: components["schemas"]["WorkflowId"];
            /** @description The version of the stored workflow. */
            version?: number;
            /** @description SHA-256 of its specification with sorted keys, in hex. */
            spec_hash: string;
            /** @description Its nodes. */
            nodes: components["schemas"]["NodeOutline"][];
            /** @description Its budget, for each call of it. */
            budget?: components["schemas"]["Budget"];
        };
        /** @description What a predicted run would cost, in US dollars. */
        PredictedCost: {
            /** @description At least this much. */
            min: components["schemas"]["Usd"];
            /** @description Probably this much: what the same steps cost in the earlier run. `null` if nothing is known. */
            likely: components["schemas"]["Cost"] | null;
            /** @description At most this much, retries included; `null` if there is no bound. */
            max: components["schemas"]["Usd"] | null;
            /** @description Why there is no bound. */
            unbounded?: string[];
        };
        /**
         * @description What would happen to a step.
         *     - `reused`: It takes over a result of the earlier run.
         *     - `overridden`: Its output was set.
         *     - `computed`: It only computes, and its output is known.
         *     - `runs`: It is executed.
         *     - `held`: It may act outside of the run, and waits until a person has decided.
         *     - `asks`: It asks a person.
         *     - `skipped`: It is skipped.
         *     - `fails`: It fails before it is attempted.
         *     - `unknown`: It depends on what is not known before the run.
         * @enum {string}
         */
        PredictedStatus: "reused" | "overridden" | "computed" | "runs" | "held" | "asks" | "skipped" | "fails" | "unknown";
        /** @description One step of a predicted run. */
        PredictedStep: {
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The type of its node. */
            type: string;
            /** @description What would happen to it. */
            status: components["schemas"]["PredictedStatus"];
            /** @description What an attempt does outside of the run; absent if the step is not attempted. */
            effects?: components["schemas"]["Effects"];
            /** @description What would be sent, or the question to a person. Long texts in it are shortened. */
            request?: unknown;
            /** @description The most that one attempt may use. */
            bound?: components["schemas"]["Amount"];
            /** @description What it cost in the earlier run; absent if that is not known. */
            likely?: components["schemas"]["Cost"];
            /** @description Where its result would come from, if it is reused by content. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Why it is skipped or fails. */
            reason?: string;
        };
        /**
         * @description What a run would do.
         *
         *     Steps that only compute are executed, so that the requests of the steps after them are known. A step that would send a
         *     request, wait for a person or act is not: what depends on its output is `Unknown`.
         */
        Prediction: {
            /** @description The steps, outer ones first; at most `MAX_STEPS`. */
            steps: components["schemas"]["PredictedStep"][];
            /** @description Whether `steps` is incomplete. */
            steps_omitted?: boolean;
            /**
             * @description How many steps have each status, those left out of `steps` included. Of maps, loops, agents and called workflows, what is in them is
             *     counted. One in which more is done than is known, such as further rounds of a loop or turns of an agent, counts as one unknown step besides.
             */
            counts: {
                [key: string]: number;
            };
            /** @description What the run would cost. */
            cost: components["schemas"]["PredictedCost"];
            /** @description The results of the earlier run that are available for reuse. */
            continues?: components["schemas"]["Continued"];
        };
        /** @description The result of a probe. */
        Probe: {
            status: string;
            /** @description What does not work, although the service can be used. */
            warnings?: string[];
        };
        /**
         * @description A failure as events and HTTP responses show it: a problem document (RFC 9457).
         *
         *     In JSON it also has a `type`, the URI reference `/problems/` with the code in kebab case. `type` is derived
         *     from `code` when it is written and ignored when it is read.
         *
         *     ```
         *     use workflow_core::error::Problem;
         *
         *     let problem = Problem::new("run_not_found", "there is no run `r1`").with_title("No such run");
         *     let json = serde_json::to_value(&problem).unwrap();
         *     assert_eq!(json["type"], "/problems/run-not-found");
         *     assert_eq!(json["title"], "No such run");
         *     ```
         */
        Problem: {
            /**
             * @description The kind of problem as a URI reference: `/problems/` with the code in kebab case.
             * @default
             */
            type: string;
            /** @description A short name of the kind of problem. */
            title: string;
            /** @description The code that programs match on. */
            code: string;
            /** @description What happened in this case, in one sentence. */
            detail: string;
            /** @description What the caller can do about it. */
            hint?: string;
            /** @description The shortest wait before another attempt, in milliseconds, as the other side requests it. */
            retry_after_ms?: number;
            /** @description The single faults, for a problem that has several. */
            errors?: components["schemas"]["Fault"][];
        };
        /** @description The progress of a map, loop or agent. */
        Progress: {
            /** @description Number of completed items. */
            items_done: number;
            /** @description Number of all items. */
            items: number;
            /** @description The item that was just completed, counted from 0; absent when the map starts. */
            item?: number;
        } | {
            /** @description The round that starts, counted from 0. */
            round: number;
        } | {
            /** @description The turn that starts, counted from 0. */
            turn: number;
            /** @description The most turns of the agent. */
            max_turns: number;
        };
        /** @description Renders a text from the run's input and the outputs of earlier nodes. */
        "PromptNode.data": {
            /**
             * @description The text, with `{{ expressions }}`. It must read something: `{{ input }}` or the output of a node.
             * @example Notes on this: {{ input }}
             */
            template: string;
        };
        /** @description The position of an attempt that waits for admission. */
        QueueReport: {
            /** @description The name of the limit, for example that of a model. */
            queue: string;
            /** @description The last reported position; 1 is next. */
            position: number;
            /** @description When the wait started. */
            since: components["schemas"]["Timestamp"];
        };
        /** @description How often a node is tried, and how long is waited in between. */
        Retry: number | components["schemas"]["RetryPolicy"];
        /** @description Exponential back-off. */
        RetryPolicy: {
            /**
             * Format: uint32
             * @description Attempts in all.
             */
            max_attempts: number;
            /** @description The wait before the second attempt; 1 s unless it is set. */
            delay?: components["schemas"]["Duration"];
            /**
             * Format: double
             * @description By how much each further wait is longer; 2 unless it is set.
             */
            factor?: number;
            /** @description No wait is longer, unless the other side asks for it; 30 s unless it is set. */
            max_delay?: components["schemas"]["Duration"];
            /** @description Whether a wait is drawn between zero and its length; yes unless it is set. */
            jitter?: boolean;
        };
        /** @description What does a run again. */
        RetryRequest: {
            /**
             * @description The top-level node to begin with; the results of what it does not follow from are taken over. With `reuse`: the node that
             *     runs again in any case.
             */
            from?: components["schemas"]["NodeId"] | null;
            /** @description Another input; without `reuse`, nothing is taken over then. */
            input?: unknown;
            /** @description Which version of the workflow; that of the run unless it is set. */
            version?: number | null;
            /** @description For a prediction only: a specification that is not stored, in the place of that of `version`. */
            spec?: unknown;
            /** @description What is not done again: each step that would do what a step of the run did, whatever else has changed. */
            reuse?: components["schemas"]["Reuse"] | null;
            /**
             * @description Outputs that are set instead of running steps, by the path of the step. Other steps that may act outside of the run then wait
             *     until a person has decided about each.
             * @default {}
             */
            overrides: {
                [key: string]: unknown;
            };
            /** @description The path of the only step to run, with the results before it taken over. Its output is that of the run. */
            only?: components["schemas"]["StepPath"] | null;
            /** @description The most that the run may use, as when a run is started; by default the budget that was set for the earlier run. */
            budget?: components["schemas"]["Budget"] | null;
        };
        /**
         * @description What a retry does not do again.
         *     - `unchanged`: Steps that would do the same as before.
         * @enum {string}
         */
        Reuse: "unchanged";
        /** @description The result of an earlier run that stands for this step. */
        ReusedFrom: {
            /** @description The run in which the step was executed. */
            run: components["schemas"]["RunId"];
            /** @description The path of the step there. */
            path: components["schemas"]["StepPath"];
            /** @description The number of the result in the table of this run, counted from 0. */
            entry: number;
            /** @description The key that both have. */
            key: components["schemas"]["StepKey"];
            /** @description The tokens that were used then, and not again. */
            saved_usage?: components["schemas"]["Usage"];
            /** @description What it cost then; absent if that is not known. */
            saved_cost?: components["schemas"]["Cost"];
        };
        /** @description The number of runs of each status. */
        RunCounts: {
            /** @description Runs that wait for admission. */
            queued: number;
            /** @description Runs that are executed. */
            running: number;
            /** @description Runs that are suspended until a person answers or a time comes. */
            waiting: number;
            /** @description Runs that completed. */
            completed: number;
            /** @description Runs that failed. */
            failed: number;
            /** @description Runs that were cancelled. */
            cancelled: number;
            /**
             * @description Whether there may be more runs than these: with a text, a store may stop after some thousand of the newest runs that have all
             *     parts of it. Few of them, even none, may contain the text itself. Absent otherwise.
             */
            at_least?: boolean;
        };
        /**
         * @description Two runs, step by step: what is the same, and what is not. `a` is the run before, `b` the one after; they need not be of
         *     the same workflow.
         *
         *     Its size is bounded by `MAX_STEPS` and `MAX_PATCH_BYTES`; fields named
         *     `…_omitted` and `DiffCounts::not_compared` say what was left out.
         */
        RunDiff: {
            /** @description The first run. */
            a: components["schemas"]["RunSide"];
            /** @description The second run. */
            b: components["schemas"]["RunSide"];
            /** @description The inputs. */
            input: components["schemas"]["ValueDiff"];
            /** @description The outputs; absent if neither run has one. */
            output?: components["schemas"]["ValueDiff"];
            /** @description How many steps there are of each kind, those that are left out of `steps` included. */
            counts: components["schemas"]["DiffCounts"];
            /**
             * @description The steps of the second run in the order of its report, then those of the first run only. If there are more than
             *     `MAX_STEPS`, those that are the same are left out first.
             */
            steps: components["schemas"]["StepDiff"][];
            /** @description How many steps are left out of `steps`. */
            steps_omitted?: number;
        };
        RunId: string;
        /**
         * @description What a run was started with besides its input: what it continues, what was set, and to what it is limited. The run that it
         *     continues is `retry_of` of its record.
         */
        RunOrigin: {
            /** @description The results that it can reuse by content. */
            continues?: components["schemas"]["Continued"];
            /** @description How many steps have taken over a result so far. */
            reused: number;
            /** @description The node from which the earlier run is repeated, or that runs again in any case. */
            from?: components["schemas"]["NodeId"];
            /** @description The only step that runs. */
            only?: components["schemas"]["StepPath"];
            /** @description The steps whose outputs were set. */
            overrides?: components["schemas"]["StepPath"][];
            /** @description Those of them that have not been reached; of an ended run, never. */
            unreached?: components["schemas"]["StepPath"][];
        };
        /** @description A page of runs, and the number of all matching runs by status. */
        RunPage: {
            /** @description The records. */
            items: components["schemas"]["RunRecord"][];
            /** @description The cursor of the next page; `null` on the last page. Opaque, and valid only for the same list. */
            next_cursor: string | null;
            counts: components["schemas"]["RunCounts"];
        };
        /** @description The record of a run, as shown in lists. */
        RunRecord: {
            /** @description The id of the run. */
            id: components["schemas"]["RunId"];
            /** @description The workflow and its pinned version. */
            workflow: components["schemas"]["WorkflowRef"];
            /** @description When it was created. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The first 120 characters of the input: of a text, or else of its JSON. */
            input_excerpt: string;
            /** @description The earlier run that this one re-runs. */
            retry_of?: components["schemas"]["RunId"];
            /** @description The status of the run. */
            status: components["schemas"]["RunStatus"];
            /** @description The number of the last event. */
            last_seq: number;
            /** @description When it started. */
            started_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from creation to start. */
            queued_ms?: number;
            /** @description When it ended. */
            ended_at?: components["schemas"]["Timestamp"];
            /** @description Milliseconds from start to end; absent until it has ended, or if it ended before it started. */
            duration_ms?: number;
            /** @description When it continues without an answer, while its status is `waiting`. */
            wake_at?: components["schemas"]["Timestamp"];
            /** @description The number of answers that it waits for, while its status is `waiting`; absent if it waits for times only. */
            awaiting_answers?: number;
            /** @description The time of the last event. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description The tokens used so far. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost so far; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Its states over time, as a coarse timeline of at most 20 spans. */
            spans?: components["schemas"]["Span"][];
        };
        /** @description What starts a run. */
        RunRequest: {
            /** @description What the run works on; any JSON that fits the workflow's `input`. */
            input: unknown;
            /** @description Which version of the workflow; the newest unless it is set. */
            version?: number | null;
            /** @description What is to be kept with the run. */
            metadata?: unknown;
            /**
             * @description The most that the run may use. If the workflow has a budget, no limit may be above that of the workflow, which holds where this
             *     one has none.
             */
            budget?: components["schemas"]["Budget"] | null;
        };
        /** @description One of the two runs. */
        RunSide: {
            /** @description Its record, with status, tokens and duration. */
            run: components["schemas"]["RunRecord"];
            /** @description What it cost; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Why it failed. */
            error?: components["schemas"]["Problem"];
        };
        /**
         * @description The status of a run.
         *     - `queued`: It waits for admission.
         *     - `running`: It is executed.
         *     - `waiting`: It is suspended until a person answers or a time comes, or until its host starts again.
         *     - `completed`: It completed.
         *     - `failed`: It failed.
         *     - `cancelled`: It was cancelled.
         * @enum {string}
         */
        RunStatus: "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled";
        /**
         * @description Why a step is skipped.
         *     - `needs_skipped`: All nodes that it needs were skipped.
         *     - `when_false`: Its `when` evaluated to false.
         *     - `not_selected`: The run is limited to another step.
         *     - `case_not_chosen`: The switch of its `case` chose another case, or none.
         * @enum {string}
         */
        SkipReason: "needs_skipped" | "when_false" | "not_selected" | "case_not_chosen";
        /** @description A period in which a run had one state. */
        Span: {
            /** @description The state. */
            state: components["schemas"]["SpanState"];
            /** @description The start of the span, in milliseconds since the run was created. */
            from_ms: number;
            /** @description The end of the span, likewise; the time of the last event if the run is still in this state. */
            to_ms: number;
        };
        /**
         * @description The state of a run in a span.
         *     - `queued`: It waited for admission.
         *     - `running`: It was executed.
         *     - `retrying`: It was executed, and a step waited for its next attempt.
         *     - `waiting`: It was suspended until an answer or a time, or its host had stopped.
         * @enum {string}
         */
        SpanState: "queued" | "running" | "retrying" | "waiting";
        /**
         * @description Why an attempt starts that is neither the first nor a retry.
         *     - `recovered`: The host stopped while an earlier attempt was running.
         * @enum {string}
         */
        StartReason: "recovered";
        /** @description What is logged of the plan of an attempt. */
        StartedPlan: {
            /** @description The key of what the attempt does. A run that continues this one reuses the result of a step with the same key. */
            key?: components["schemas"]["StepKey"];
            /** @description What is reserved for the attempt in the budgets of the run. */
            reserved?: components["schemas"]["Amount"];
        };
        /** @description A step of one or both runs. */
        StepDiff: {
            /** @description Its path: in the second run, if it is there. */
            path: components["schemas"]["StepPath"];
            /** @description Its path in the first run, if it has moved. */
            moved_from?: components["schemas"]["StepPath"];
            /** @description The type of its node. */
            type: string;
            /** @description How it differs. */
            change: components["schemas"]["Change"];
            /** @description The step in the first run. */
            a?: components["schemas"]["StepSide"];
            /** @description The step in the second run. */
            b?: components["schemas"]["StepSide"];
            /** @description The outputs, if both runs have the step and its outputs differ. */
            output?: components["schemas"]["ValueDiff"];
        };
        /** @description An entry in the log of a run. */
        StepEvent: components["schemas"]["run.created"] | components["schemas"]["run.started"] | components["schemas"]["node.started"] | components["schemas"]["node.queued"] | components["schemas"]["node.admitted"] | components["schemas"]["node.progress"] | components["schemas"]["node.retrying"] | components["schemas"]["node.waiting"] | components["schemas"]["node.resumed"] | components["schemas"]["node.completed"] | components["schemas"]["node.failed"] | components["schemas"]["node.skipped"] | components["schemas"]["node.cancelled"] | components["schemas"]["run.suspended"] | components["schemas"]["run.resumed"] | components["schemas"]["run.completed"] | components["schemas"]["run.failing"] | components["schemas"]["run.failed"] | components["schemas"]["run.cancelled"];
        /** @description The status of a step. */
        StepFrame: {
            timestamp: components["schemas"]["Timestamp"];
            /** @description The id of a top-level node; the path of a step within a map, loop or called workflow. */
            nodeId: components["schemas"]["StepPath"];
            status: components["schemas"]["FrameStatus"];
            message: string;
            output: string | null;
            error: string | null;
        };
        /**
         * @description One step of a run with all its attempts, and with the debug records that streams omit
         *     (`Report::debug`).
         */
        StepHistory: {
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The type of its node. */
            type: string;
            /** @description The status. */
            status: components["schemas"]["StepStatus"];
            /** @description The latest attempt, counted from 1; 0 before the first. */
            attempt: number;
            /** @description When the latest attempt started. */
            started_at?: components["schemas"]["Timestamp"];
            /** @description How long the last attempt took, in milliseconds. */
            duration_ms?: number;
            /** @description The output, if it completed; the substitute of `on_error`, if it failed and has one. */
            output?: unknown;
            /**
             * @description Whether output, report and error detail are left out, because the report of the run has reached
             *     `RunReport::MAX_OUTPUT_BYTES`. The history of the step has them.
             */
            output_omitted?: boolean;
            /** @description Why the last attempt failed. */
            error?: components["schemas"]["Problem"];
            /** @description The position of its attempt in a queue, while its status is `queued`. */
            queued?: components["schemas"]["QueueReport"];
            /** @description The progress of a map or loop. */
            progress?: components["schemas"]["Progress"];
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description The debug record of the attempt, such as the prompt as sent and the raw parts of the answer. In the log and in the
             *     history of the step only; streams and pages of events omit it (`StepEvent::shown`).
             */
            debug?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /** @description The request as it was sent, secrets by name only. In the log and in recordings; streams and pages of events omit it. */
            request?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
            /** @description The wait for a person with its whole message, while the step waits. */
            wait?: components["schemas"]["WaitReport"];
            /** @description The attempts, in order. */
            attempts: components["schemas"]["AttemptReport"][];
        };
        /** @description The key of what a step does: 64 hexadecimal digits. */
        StepKey: string;
        /**
         * @description The place of a step in its run: `sum` for a node of the workflow itself, `each/2/sum` for a node in a map
         *     or loop, `call/sum` for a node of a called workflow. Numbers count from 0.
         */
        StepPath: string;
        /** @description One step of a run. */
        StepReport: {
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The type of its node. */
            type: string;
            /** @description The status. */
            status: components["schemas"]["StepStatus"];
            /** @description The latest attempt, counted from 1; 0 before the first. */
            attempt: number;
            /** @description When the latest attempt started. */
            started_at?: components["schemas"]["Timestamp"];
            /** @description How long the last attempt took, in milliseconds. */
            duration_ms?: number;
            /** @description The output, if it completed; the substitute of `on_error`, if it failed and has one. */
            output?: unknown;
            /**
             * @description Whether output, report and error detail are left out, because the report of the run has reached
             *     `RunReport::MAX_OUTPUT_BYTES`. The history of the step has them.
             */
            output_omitted?: boolean;
            /** @description Why the last attempt failed. */
            error?: components["schemas"]["Problem"];
            /** @description The position of its attempt in a queue, while its status is `queued`. */
            queued?: components["schemas"]["QueueReport"];
            /** @description The progress of a map or loop. */
            progress?: components["schemas"]["Progress"];
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description The debug record of the attempt, such as the prompt as sent and the raw parts of the answer. In the log and in the
             *     history of the step only; streams and pages of events omit it (`StepEvent::shown`).
             */
            debug?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /** @description The request as it was sent, secrets by name only. In the log and in recordings; streams and pages of events omit it. */
            request?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /** @description A step in one of the runs. */
        StepSide: {
            /** @description Its status. */
            status: components["schemas"]["StepStatus"];
            /** @description The number of attempts; 0 if it was reused or has not started. */
            attempts: number;
            /** @description Milliseconds from its first event to its end, with all attempts and waits. */
            duration_ms?: number;
            /** @description The tokens of all attempts. */
            usage?: components["schemas"]["Usage"];
            /** @description What all attempts cost; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description The model that answered. */
            model?: string;
            /** @description The code of its error. */
            error?: string;
            /** @description Whether its output was reused from an earlier run. */
            reused?: boolean;
            /** @description Whether its output was set by the request that started the run. */
            overridden?: boolean;
        };
        /**
         * @description The status of a step.
         *     - `pending`: It has not started; if the run has ended, it never will.
         *     - `running`: It is executed, or waits for its next attempt.
         *     - `queued`: Its attempt waits for admission at a shared limit.
         *     - `waiting`: It waits for a person or a time.
         *     - `completed`: It completed.
         *     - `failed`: It failed.
         *     - `skipped`: It was skipped.
         *     - `cancelled`: It was cancelled before it completed.
         * @enum {string}
         */
        StepStatus: "pending" | "running" | "queued" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";
        /**
         * @description Chooses one of several cases. The output is the name of the first case whose condition is true.
         *
         *     Nodes with `case` run if their switch chose that case.
         */
        "SwitchNode.data": {
            /**
             * @description The cases. The first one whose condition is true is chosen.
             * @example [
             *       {
             *         "name": "refund",
             *         "when": "input.kind == 'refund'"
             *       }
             *     ]
             */
            cases: {
                /** @description Its name, which nodes write in their `case` after that of the switch: `route.refund`. */
                name: string;
                /** @description When it is chosen, as a bare expression. */
                when: string;
            }[];
            /**
             * @description The name that is chosen if no condition is true. Without it, the node then fails with `no_case`.
             * @default null
             */
            default: string | null;
        };
        /** @description The output of a step of an earlier run, with what templates can read of its report. */
        TakenOutput: {
            /** @description The output. */
            output: unknown;
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description The debug record of the attempt, such as the prompt as sent and the raw parts of the answer. In the log and in the
             *     history of the step only; streams and pages of events omit it (`StepEvent::shown`).
             */
            debug?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /** @description The request as it was sent, secrets by name only. In the log and in recordings; streams and pages of events omit it. */
            request?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /** @description The result of a step of an earlier run, for a run that is limited to one step. */
        TakenStep: {
            /** @description Its path in both runs. */
            path: components["schemas"]["StepPath"];
        } & (components["schemas"]["TakenOutput"] | {
            /** @constant */
            status: "failed";
            /** @description The error. */
            error: components["schemas"]["Problem"];
            /** @description The substitute output. */
            output?: unknown;
        } | {
            /** @constant */
            status: "skipped";
            /** @description Why. */
            reason: components["schemas"]["SkipReason"];
        });
        /**
         * @description The kind of a piece of text.
         *     - `text`: Part of the answer.
         *     - `thought`: Part of the model's thoughts, which are not part of the output.
         * @enum {string}
         */
        TextKind: "text" | "thought";
        Timestamp: string;
        /** @description Reshapes data: any JSON, with templates in its strings. */
        "TransformNode.data": {
            /**
             * @description The output. A string that consists of one `{{ expression }}` keeps the type of its value.
             * @example {
             *       "text": "{{ input }}"
             *     }
             */
            value: unknown;
        };
        /** @description What a run's stream yields. */
        Update: components["schemas"]["run.created"] | components["schemas"]["run.started"] | components["schemas"]["node.started"] | components["schemas"]["node.queued"] | components["schemas"]["node.admitted"] | components["schemas"]["node.progress"] | components["schemas"]["node.retrying"] | components["schemas"]["node.waiting"] | components["schemas"]["node.resumed"] | components["schemas"]["node.completed"] | components["schemas"]["node.failed"] | components["schemas"]["node.skipped"] | components["schemas"]["node.cancelled"] | components["schemas"]["run.suspended"] | components["schemas"]["run.resumed"] | components["schemas"]["run.completed"] | components["schemas"]["run.failing"] | components["schemas"]["run.failed"] | components["schemas"]["run.cancelled"] | components["schemas"]["node.delta"];
        /**
         * @description Tokens that one step used, or the sum over a run. JSON leaves out `thought_tokens` and `cached_tokens` if they
         *     are zero. Sums saturate.
         *
         *     ```
         *     use workflow_core::value::Usage;
         *
         *     let mut total = Usage::new(100, 20);
         *     total += Usage::new(50, 5);
         *     assert_eq!((total.input_tokens, total.output_tokens), (150, 25));
         *     ```
         */
        Usage: {
            /**
             * @description Tokens of the request, cached ones included.
             * @default 0
             */
            input_tokens: number;
            /**
             * @description Billed tokens of the response, thoughts included.
             * @default 0
             */
            output_tokens: number;
            /** @description The part of `output_tokens` that the model used for thinking. */
            thought_tokens?: number;
            /** @description The part of `input_tokens` that the provider read from a cache. */
            cached_tokens?: number;
        };
        /** @description US dollars, exact to nine decimals. */
        Usd: number;
        /** @description The difference between two values. */
        ValueDiff: {
            /** @description How they differ. */
            change: components["schemas"]["Change"];
            /** @description The JSON Patch (RFC 6902) from the first to the second value, if both exist and differ. */
            patch?: components["schemas"]["PatchOperation"][];
            /** @description Whether the patch is left out, because values or patches have reached `RunDiff::MAX_PATCH_BYTES`. */
            patch_omitted?: boolean;
        };
        WaitId: string;
        /**
         * @description A kind of wait that the engine itself asks for.
         *     - `effect`: The step may act outside of the run, and the run is a what-if run: a person decides whether it does.
         *     - `budget`: The next attempt does not fit into a budget: a person decides whether the budget is raised.
         *     - `approval`: An agent calls a tool that needs approval: a person decides whether the call is made, and with which arguments.
         * @enum {string}
         */
        WaitKind: "effect" | "budget" | "approval";
        /** @description A step that waits for a person. */
        WaitReport: {
            /** @description Identifies the wait in an answer. */
            wait_id: components["schemas"]["WaitId"];
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description What kind of wait it is; absent for the question of a node. */
            kind?: components["schemas"]["WaitKind"];
            /** @description What the step would send, if it is held. */
            request?: unknown;
            /** @description The call that waits for approval. */
            call?: components["schemas"]["WaitingCall"];
            /** @description The question to the person; in the report of a run, at most `MAX_MESSAGE_BYTES` of it. */
            message: string;
            /** @description Whether the message is truncated. The history of the step has the whole message. */
            message_truncated?: boolean;
            /** @description JSON Schema of the answer. */
            schema?: unknown;
            /** @description When the wait times out and the step fails. */
            expires_at?: components["schemas"]["Timestamp"];
            /** @description When the wait started. */
            since: components["schemas"]["Timestamp"];
        };
        /** @description The call that a person decides on. */
        WaitingCall: {
            /** @description The name of the tool. */
            tool: string;
            /** @description The arguments that the model asks for. */
            args: unknown;
            /** @description The JSON Schema of the arguments. Other arguments in an answer are checked against it. */
            input: unknown;
        };
        /**
         * @description What happens when the bound of an attempt does not fit into a budget.
         *     - `fail`: The step fails with `budget_exceeded`.
         *     - `ask`: A person is asked, once for the budget: raise it, or stop.
         * @enum {string}
         */
        WhenExceeded: "fail" | "ask";
        /**
         * Workflow
         * @description A workflow: a list of nodes, each of which says what it needs.
         */
        Workflow: {
            /** @description Where this schema is, for editors. */
            $schema?: string;
            /**
             * Format: uint8
             * @description The version of the language.
             * @constant
             */
            version?: 1;
            /** @description What the workflow is called, also by workflows that call it. */
            name?: string;
            /** @description What it is for. */
            description?: string;
            /** @description A JSON Schema that every run's input has to fit. */
            input?: {
                [key: string]: unknown;
            };
            /**
             * @description The result: any JSON with templates, which may name every node. Without it, the output of the
             *     last node; of several last nodes, an object of their outputs by id.
             */
            output?: unknown;
            /** @description How long a run may take, waits included. */
            timeout?: components["schemas"]["Duration"];
            /** @description The most that a run of the workflow, or each call of it, may use. */
            budget?: components["schemas"]["Budget"];
            /** @description What nodes have unless they say so themselves. */
            defaults?: components["schemas"]["Defaults"];
            /**
             * @description The nodes that run if the run fails, and read why in `run.error`. Not after a cancellation, and not if the workflow is
             *     called by another one.
             */
            on_failure?: components["schemas"]["Node"][];
            /** @description How long the nodes of `on_failure` may take together: one minute unless this says more or less. */
            on_failure_timeout?: components["schemas"]["Duration"];
            /** @description The nodes. */
            nodes: components["schemas"]["Node"][];
        };
        WorkflowId: string;
        /** @description A version of a workflow without its specification, which may be large. */
        WorkflowItem: {
            id: components["schemas"]["WorkflowId"];
            name: string | null;
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        /** @description A page of a list, newest first. */
        WorkflowItemPage: {
            /** @description The records. */
            items: components["schemas"]["WorkflowItem"][];
            /** @description The cursor of the next page; `null` on the last page. Opaque, and valid only for the same list. */
            next_cursor: string | null;
        };
        /** @description Runs another workflow as a part of this run. */
        "WorkflowNode.data": {
            /** @description The name or id of the workflow. A run uses the version that is newest when the run starts. */
            workflow: string;
            /** @description The input of the called workflow: any JSON with templates. Default: the implicit input of this node. */
            input?: unknown;
        };
        /** @description One version of a stored workflow. Versions are immutable. */
        WorkflowRecord: {
            /** @description The id of the workflow, the same for all versions. */
            id: components["schemas"]["WorkflowId"];
            /** @description The `name` of the specification. */
            name: string | null;
            /** @description The version, counted from 1. */
            version: number;
            /** @description When this version was stored. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The specification, as submitted. */
            spec: unknown;
        };
        /** @description The workflow of a run, with its pinned version. */
        WorkflowRef: {
            /** @description The workflow. */
            id: components["schemas"]["WorkflowId"];
            /** @description The name of the workflow in that version. */
            name: string | null;
            /** @description The pinned version. */
            version: number;
        };
        /** @description An attempt is admitted and continues. */
        "node.admitted": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.admitted";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt that waited. */
            attempt: number;
            /** @description How long it waited, in milliseconds. */
            queued_ms: number;
        };
        /** @description A step was cancelled before it completed. */
        "node.cancelled": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.cancelled";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description Why it was cancelled. */
            reason: string;
        };
        /** @description A step completed. */
        "node.completed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.completed";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt that succeeded; 0 if the output was reused from another run. */
            attempt: number;
            /** @description The output. */
            output: unknown;
            /** @description How long the attempt took in milliseconds, including the wait for admission. */
            duration_ms: number;
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /**
         * @description A piece of text that a running step has produced. It is streamed only: no log contains it, and the `node.completed` of
         *     the step has the whole output.
         */
        "node.delta": {
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.delta";
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt, counted from 1. The text of each attempt starts at offset 0. */
            attempt: number;
            /** @description Whether it is answer or thought. */
            kind: components["schemas"]["TextKind"];
            /** @description The piece. */
            delta: string;
            /**
             * @description Where the piece starts in the text of this attempt and kind, in UTF-16 code units (the unit of JavaScript strings).
             *     A reader that already has this position can skip the piece.
             */
            offset: number;
        };
        /** @description A step failed and is not retried. */
        "node.failed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.failed";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt that failed; 0 if the `when` of the node could not be evaluated. */
            attempt: number;
            /** @description Why it failed. */
            error: components["schemas"]["Problem"];
            /** @description Whether `on_error` handles the failure, so that the run continues. */
            handled: boolean;
            /** @description The substitute output that its dependents read, if `on_error` has one. */
            output?: unknown;
            /** @description How long the attempt took in milliseconds, including the wait for admission. */
            duration_ms: number;
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /** @description A map finished an item, or a loop starts a round. */
        "node.progress": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description Number of completed items. */
            items_done: number;
            /** @description Number of all items. */
            items: number;
            /** @description The item that was just completed, counted from 0; absent when the map starts. */
            item?: number;
        } | {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The round that starts, counted from 0. */
            round: number;
        } | {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The turn that starts, counted from 0. */
            turn: number;
            /** @description The most turns of the agent. */
            max_turns: number;
        };
        /** @description An attempt waits for admission at a shared limit, or its position in the queue has changed. */
        "node.queued": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.queued";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt that waits. */
            attempt: number;
            /** @description The name of the limit, for example that of a model. */
            queue: string;
            /** @description Its position in the queue; 1 is next. A further event follows when the position has halved. */
            position: number;
        };
        /** @description The wait of a step is over. */
        "node.resumed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.resumed";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The wait that is over. */
            wait_id: components["schemas"]["WaitId"];
            /** @description The answer; absent if time ended the wait. An answer may be `null`. */
            payload?: unknown;
        };
        /** @description An attempt failed and will be retried. */
        "node.retrying": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.retrying";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt that failed. */
            attempt: number;
            /** @description The most attempts of this step, by its retry policy. */
            max_attempts: number;
            /** @description Milliseconds from the time of the event to the next attempt. */
            next_in_ms: number;
            /** @description Why the attempt failed. */
            error: components["schemas"]["Problem"];
            /** @description What the next attempt waits for besides time, such as `retry_budget`. It may be queued after it has started. */
            waits_for?: string;
            /** @description The tokens used. */
            usage?: components["schemas"]["Usage"];
            /** @description What it cost; absent if that is not known. */
            cost?: components["schemas"]["Cost"];
            /** @description The number of requests to a model, if the node reports it. */
            calls?: number;
            /**
             * @description Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
             *     all that was reserved for it.
             */
            usage_final?: boolean;
            /**
             * @description What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
             *     reported nothing. Absent outside of budgets.
             */
            booked?: components["schemas"]["Amount"];
            /**
             * @description Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
             *     step that limit the exceeded unit.
             */
            bound_exceeded?: boolean;
            /** @description The model that answered, as named by the provider. */
            model?: string;
            /** @description Why the model stopped, as named by the provider. */
            finish_reason?: string;
            /** @description Whether the answer was truncated at a token limit. The node completed, but its output is incomplete. */
            truncated?: boolean;
            /** @description Further data about the answer, such as its sources. */
            metadata?: unknown;
            /**
             * @description What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
             *     SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
             */
            state?: unknown;
            /**
             * @description How many milliseconds of the attempt were spent waiting for admission at shared limits
             *     (`NodeContext::queued`).
             */
            queued_ms?: number;
            /** @description Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`. */
            first_delta_ms?: number;
            /** @description The number of rounds of a loop. */
            rounds?: number;
            /** @description The number of turns of an agent. */
            turns?: number;
            /** @description Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns. */
            exhausted?: boolean;
            /** @description Whether the output was set by the request that started the run, instead of running the step. */
            overridden?: boolean;
            /** @description Where a reused output comes from, if it was reused because the step would do the same again. */
            reused_from?: components["schemas"]["ReusedFrom"];
            /** @description Whether the output was reused from an earlier run. */
            reused?: boolean;
        };
        /** @description A step is skipped. */
        "node.skipped": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.skipped";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description Why it is skipped. */
            reason: components["schemas"]["SkipReason"];
        };
        /** @description An attempt of a step starts. */
        "node.started": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.started";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description The attempt, counted from 1. */
            attempt: number;
            /** @description The most attempts of this step, by its retry policy. */
            max_attempts: number;
            /** @description Why the attempt starts, if it is neither the first nor a retry. */
            reason?: components["schemas"]["StartReason"];
            /** @description When a map, loop or called workflow times out. */
            deadline?: components["schemas"]["Timestamp"];
            /** @description What its node planned; absent if it planned nothing. */
            plan?: components["schemas"]["StartedPlan"];
        };
        /** @description A step waits for a person or a time. */
        "node.waiting": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "node.waiting";
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path: components["schemas"]["StepPath"];
            /** @description Identifies the wait in an answer. */
            wait_id: components["schemas"]["WaitId"];
            /** @description What kind of wait it is; absent for the question of a node to a person, and for a time. */
            kind?: components["schemas"]["WaitKind"];
            /** @description What the step would send, if it is held. */
            request?: unknown;
            /** @description The agent whose budget is used up, or the step that calls the workflow whose budget is; absent for the budget of the run. */
            budget_of?: components["schemas"]["StepPath"];
            /** @description The call that waits for approval. */
            call?: components["schemas"]["WaitingCall"];
            /** @description The key of what the step would do. The answer is about this and nothing else. */
            key?: components["schemas"]["StepKey"];
            /** @description The question to the person; absent if the step waits for a time only. */
            message?: string;
            /** @description JSON Schema of the answer. */
            schema?: unknown;
            /** @description When the wait times out and the step fails. */
            expires_at?: components["schemas"]["Timestamp"];
            /** @description When the step continues without an answer. */
            resumes_at?: components["schemas"]["Timestamp"];
        };
        /** @description The run was cancelled. The last event. */
        "run.cancelled": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.cancelled";
            /** @description Why it was cancelled. */
            reason: string;
            /** @description The tokens used by all attempts of all steps. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost, in total; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Milliseconds since `run.started`. */
            duration_ms: number;
        };
        /** @description The run completed. The last event. */
        "run.completed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.completed";
            /** @description The result of the workflow. */
            output: unknown;
            /** @description The tokens used by all attempts of all steps. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost, in total; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Milliseconds since `run.started`. */
            duration_ms: number;
        };
        /** @description The run was created. Always the first event, and the only one while the run is queued. */
        "run.created": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.created";
            /** @description The stored workflow; absent if a program runs a workflow that is not stored. */
            workflow_id?: components["schemas"]["WorkflowId"];
            /** @description The version of the stored workflow. */
            version?: number;
            /** @description SHA-256 of the specification with sorted keys, in hex. A log can be replayed only with this specification. */
            spec_hash: string;
            /** @description The input of the run. */
            input: unknown;
            /** @description Data of the caller, stored with the run. */
            metadata?: unknown;
            /**
             * @description The address of the run on the page of its host, which templates read as `run.url`; absent if the host has no public
             *     address.
             */
            url?: string;
            /** @description The nodes, in the order of the specification. */
            nodes: components["schemas"]["NodeOutline"][];
            /** @description The nodes that run if the run fails. */
            on_failure?: components["schemas"]["NodeOutline"][];
            /** @description The earlier run that this one re-runs. */
            retry_of?: components["schemas"]["RunId"];
            /** @description What this run reuses of the run in `retry_of` by content. */
            continues?: components["schemas"]["Continued"];
            /** @description The node from which the earlier run is repeated. With a table, the node that runs again although the table may have its result. */
            from?: components["schemas"]["NodeId"];
            /** @description Outputs that were set for this run, by the path of the step. */
            overrides?: {
                [key: string]: unknown;
            };
            /** @description The only step that this run executes. */
            only?: components["schemas"]["StepPath"];
            /** @description The results of the earlier run that this step needs. In the log only. */
            taken?: components["schemas"]["TakenStep"][];
            /** @description The budget that was set for this run. The one of its workflow holds, too. */
            budget?: components["schemas"]["Budget"];
            /** @description The budget of the workflow. */
            workflow_budget?: components["schemas"]["Budget"];
            /**
             * @description The format of the log: `LOG_FORMAT`, unless another version of this crate wrote it. 1 if absent.
             * @default 1
             */
            log_format: number;
            /** @description The called workflows, pinned for the whole run. */
            workflows?: components["schemas"]["PinnedWorkflow"][];
        };
        /** @description The run failed. The last event. */
        "run.failed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.failed";
            /** @description Why it failed. */
            error: components["schemas"]["Problem"];
            /** @description The node. */
            node?: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path?: components["schemas"]["StepPath"];
            /** @description The tokens used by all attempts of all steps. */
            usage: components["schemas"]["Usage"];
            /** @description What they cost, in total; absent if nothing is known of it. */
            cost?: components["schemas"]["Cost"];
            /** @description Milliseconds since `run.started`. */
            duration_ms: number;
            /** @description Why its `on_failure` did not complete; absent if it completed, or did not run. */
            on_failure_error?: components["schemas"]["Problem"];
        };
        /** @description The run has failed, and its `on_failure` runs. `run.failed` follows. */
        "run.failing": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.failing";
            /** @description Why it fails. `run.failed` has the same error. */
            error: components["schemas"]["Problem"];
            /** @description The node. */
            node?: components["schemas"]["NodeId"];
            /** @description The place of the step in its run: `each/2/sum` inside a map or loop. */
            path?: components["schemas"]["StepPath"];
            /** @description When its `on_failure` times out. */
            deadline: components["schemas"]["Timestamp"];
        };
        /** @description A suspended run is resumed. */
        "run.resumed": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.resumed";
            /** @description Why: `signal`, `timer`, or `restart` of a host that had stopped. */
            reason: string;
        };
        /** @description The run was admitted and starts. */
        "run.started": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.started";
            /** @description When the run times out, by the `timeout` of its workflow. */
            deadline?: components["schemas"]["Timestamp"];
        };
        /** @description The run is suspended: all its steps wait for a person or a time, or its host stops. It uses no resources meanwhile. */
        "run.suspended": {
            /** @description The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it. */
            seq: number;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
            /** @description When it happened, by the clock of the run. It never goes back within a run. */
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "run.suspended";
            /** @description Why: `waiting`, or `shutdown` if its host stopped. */
            reason: string;
            /** @description When the run continues without an answer; absent if it waits for persons only. */
            wake_at?: components["schemas"]["Timestamp"];
            /** @description The number of answers that it waits for; absent if it waits for times only. */
            awaiting_answers?: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
