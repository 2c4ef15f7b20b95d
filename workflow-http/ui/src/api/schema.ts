// Generated from the OpenAPI document: do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        "AgentNode.data": {
            /** @example Explain this: {{ input }} */
            prompt?: string | null;
            parts?: ({
                text: string;
            } | {
                inline: {
                    mime_type: string;
                    data: string;
                };
            } | {
                file: {
                    uri: string;
                    mime_type?: string | null;
                };
            })[];
            system?: string | null;
            model?: string | null;
            temperature?: number | string | null;
            /** Format: double */
            top_p?: number | null;
            /** Format: uint32 */
            top_k?: number | null;
            /** Format: uint32 */
            max_output_tokens?: number | null;
            /** @default [] */
            stop: string[];
            /** Format: int32 */
            seed?: number | null;
            schema?: {
                [key: string]: unknown;
            } | null;
            /** @default null */
            thinking_level: string | null;
            /** Format: int32 */
            thinking_budget?: number | null;
            include_thoughts?: boolean | null;
            /** @default {} */
            safety: {
                [key: string]: string;
            };
            extra?: {
                [key: string]: unknown;
            } | null;
            service_tier?: ("flex" | "standard" | "priority") | null;
            store?: boolean | null;
            /** @default [] */
            fallback: string[];
            /** @default true */
            stream: boolean;
            tools?: {
                name: string;
                description?: string | null;
                /** @default null */
                input: {
                    [key: string]: unknown;
                } | null;
                nodes?: components["schemas"]["Node"][] | null;
                workflow?: string | null;
                approve?: {
                    /** @example Refund {{ args.number }}? */
                    message: string;
                    expires?: string | null;
                } | null;
                /**
                 * @default answer
                 * @enum {string}
                 */
                on_error: "answer" | "fail";
                on_ambiguous?: ("retry" | "fail") | null;
                timeout?: string | null;
                /** Format: uint */
                max_result_bytes?: number | null;
                /** Format: uint */
                max_repeats?: number | null;
            }[];
            /**
             * Format: uint
             * @default 10
             */
            max_turns: number;
            /**
             * @default fail
             * @enum {string}
             */
            on_max_turns: "fail" | "continue";
            /**
             * Format: uint
             * @default 8
             */
            concurrency: number;
            /**
             * Format: uint
             * @default 16
             */
            max_calls: number;
            /**
             * Format: uint
             * @default 65536
             */
            max_result_bytes: number;
            /**
             * Format: uint
             * @default 3
             */
            max_repeats: number;
            turn_timeout?: string | null;
            budget?: {
                usd?: number | null;
                /** Format: uint64 */
                tokens?: number | null;
                /** Format: uint64 */
                calls?: number | null;
                when_exceeded?: ("fail" | "ask") | null;
            } | null;
            /** @default auto */
            tool_choice: ("auto" | "required" | "none") | {
                tool: string;
            };
        };
        Amount: {
            /** @default 0 */
            calls: number;
            tokens?: number;
            usd?: components["schemas"]["Usd"];
        };
        AttemptReport: {
            attempt: number;
            started_at: components["schemas"]["Timestamp"];
            ended_at?: components["schemas"]["Timestamp"];
            error?: components["schemas"]["Problem"];
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            debug?: unknown;
            state?: unknown;
            request?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        Budget: {
            usd?: components["schemas"]["Usd"];
            tokens?: number;
            calls?: number;
            when_exceeded?: components["schemas"]["WhenExceeded"];
        };
        BudgetReport: {
            limit: components["schemas"]["Budget"];
            spent: components["schemas"]["Amount"];
            at_least?: boolean;
            reserved: components["schemas"]["Amount"];
        };
        /** @enum {string} */
        Change: "same" | "changed" | "only_a" | "only_b" | "moved";
        Checked: {
            valid: boolean;
            errors: components["schemas"]["Fault"][];
            warnings: components["schemas"]["Fault"][];
            graph: components["schemas"]["Graph"] | null;
        };
        Continued: {
            results: number;
            left_out?: number;
        };
        Cost: {
            usd: components["schemas"]["Usd"];
            at_least?: boolean;
        };
        Created: {
            id: components["schemas"]["WorkflowId"];
            name: string | null;
            version: number;
            created_at: components["schemas"]["Timestamp"];
            spec: unknown;
            warnings?: components["schemas"]["Fault"][];
        };
        Defaults: {
            retry?: components["schemas"]["Retry"];
            timeout?: components["schemas"]["Duration"];
        };
        "DelayNode.data": {
            /** @example 5m */
            for?: string | null;
            until?: string | null;
        };
        DiffCounts: {
            same: number;
            changed: number;
            moved: number;
            only_a: number;
            only_b: number;
            not_compared?: number;
        };
        DisplayHints: {
            label?: string;
            icon?: string;
            summary?: string;
            streams_text: boolean;
        };
        Duration: string;
        Edge: {
            from: components["schemas"]["NodeId"];
            to: components["schemas"]["NodeId"];
        };
        /** @enum {string} */
        Effects: "none" | "reads" | "acts" | "unknown";
        EndFrame: {
            /** @enum {string} */
            type: "workflowStatus";
            status: components["schemas"]["EndStatus"];
            message: string;
        };
        /** @enum {string} */
        EndStatus: "completed" | "failed";
        EvaluateRequest: {
            at: string;
            expression: string;
        };
        Evaluated: {
            value: unknown;
        };
        EventPage: {
            items: components["schemas"]["StepEvent"][];
            next_cursor: string | null;
        };
        Fault: {
            code: components["schemas"]["FaultCode"];
            pointer: string;
            detail: string;
            hint?: string;
        };
        /** @enum {string} */
        FaultCode: "invalid_value" | "missing_field" | "unknown_field" | "duplicate_field" | "not_applicable" | "too_many_nodes" | "nested_too_deep" | "too_many_workflows" | "invalid_id" | "duplicate_id" | "id_collision" | "reserved_name" | "unknown_type" | "unknown_workflow" | "ambiguous_workflow" | "unknown_reference" | "unknown_field_reference" | "not_an_ancestor" | "other_branch" | "cycle" | "template_syntax" | "template_too_large" | "template_without_input" | "not_a_template" | "secret_not_allowed" | "no_implicit_input" | "shadowed_name" | "missing_result" | "hidden_name" | "constant_condition" | "unused_node" | "name_in_use" | "invalid_example" | "outlasts_timeout" | "ambiguous_tool";
        Frame: components["schemas"]["StepFrame"] | components["schemas"]["EndFrame"];
        /** @enum {string} */
        FrameStatus: "running" | "success" | "retrying" | "failure" | "info";
        Graph: {
            nodes: components["schemas"]["NodeOutline"][];
            edges: components["schemas"]["Edge"][];
        };
        "HttpNode.data": {
            /** @enum {string} */
            method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
            /** @example https://api.example.com/items */
            url: string | {
                $secret: string;
            };
            query?: {
                [key: string]: string;
            };
            headers?: {
                [key: string]: string | {
                    $secret: string;
                };
            };
            json?: unknown;
            body?: string | null;
            /** @default 2xx */
            expect_status: number | string | (number | string)[];
            /** @enum {string|null} */
            effects?: "none" | "reads" | "acts" | null;
        };
        HttpProblem: {
            /** @default  */
            type: string;
            title: string;
            /** @enum {string} */
            code: "invalid_json" | "json_too_deep" | "unreadable_body" | "unknown_parameter" | "invalid_query" | "bad_cursor" | "invalid_event_id" | "beyond_the_end" | "invalid_idempotency_key" | "invalid_if_match" | "malformed_request" | "unauthorized" | "host_not_allowed" | "foreign_origin" | "not_found" | "unknown_workflow" | "unknown_version" | "unknown_run" | "unknown_step" | "unknown_wait" | "run_not_ended" | "run_stopped" | "wait_answered" | "wait_ended" | "wait_expired" | "other_version" | "method_not_allowed" | "not_acceptable" | "body_too_slow" | "body_too_large" | "url_too_long" | "head_too_large" | "unsupported_media_type" | "invalid_workflow" | "invalid_input" | "invalid_answer" | "invalid_body" | "idempotency_key_reused" | "busy" | "too_many_requests" | "too_many_readers" | "too_many_wrong_keys" | "too_many_bodies" | "too_many_connections" | "interrupted" | "store_unavailable" | "shutting_down" | "internal";
            detail: string;
            hint?: string;
            retry_after_ms?: number;
            errors?: components["schemas"]["Fault"][];
            status: number;
        };
        "HumanNode.data": {
            /**
             * @example Is this good?
             *
             *     {{ input }}
             */
            message: string;
            /** @default null */
            schema: {
                [key: string]: unknown;
            } | null;
            expires?: string | null;
        };
        "LLMNode.data": {
            /** @example Explain this: {{ input }} */
            prompt?: string | null;
            history?: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                text: string;
            }[] | string | null;
            parts?: ({
                text: string;
            } | {
                inline: {
                    mime_type: string;
                    data: string;
                };
            } | {
                file: {
                    uri: string;
                    mime_type?: string | null;
                };
            })[];
            system?: string | null;
            model?: string | null;
            temperature?: number | string | null;
            /** Format: double */
            top_p?: number | null;
            /** Format: uint32 */
            top_k?: number | null;
            /** Format: uint32 */
            max_output_tokens?: number | null;
            /** @default [] */
            stop: string[];
            /** Format: int32 */
            seed?: number | null;
            schema?: {
                [key: string]: unknown;
            } | null;
            /** @default null */
            thinking_level: string | null;
            /** Format: int32 */
            thinking_budget?: number | null;
            include_thoughts?: boolean | null;
            /** @default {} */
            safety: {
                [key: string]: string;
            };
            tools?: (string | Record<string, never>)[];
            tool_config?: {
                [key: string]: unknown;
            } | null;
            extra?: {
                [key: string]: unknown;
            } | null;
            service_tier?: ("flex" | "standard" | "priority") | null;
            store?: boolean | null;
            /** @default [] */
            fallback: string[];
            /** @default true */
            stream: boolean;
        };
        Limits: {
            body_bytes: number;
            page_items: number;
            concurrent_runs: number;
            queued_runs: number;
            memory_budget_bytes: number;
            concurrent_steps: number;
            events: number;
            map_items: number;
            open_frames: number;
            run_memory_bytes: number;
            nodes: number;
            nesting: number;
            output_bytes: number;
            result_bytes: number;
            template_bytes: number;
        };
        LinkedRunRecord: {
            id: components["schemas"]["RunId"];
            workflow: components["schemas"]["WorkflowRef"];
            created_at: components["schemas"]["Timestamp"];
            input_excerpt: string;
            retry_of?: components["schemas"]["RunId"];
            status: components["schemas"]["RunStatus"];
            last_seq: number;
            started_at?: components["schemas"]["Timestamp"];
            queued_ms?: number;
            ended_at?: components["schemas"]["Timestamp"];
            duration_ms?: number;
            wake_at?: components["schemas"]["Timestamp"];
            awaiting_answers?: number;
            updated_at: components["schemas"]["Timestamp"];
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            spans?: components["schemas"]["Span"][];
            links: components["schemas"]["Links"];
        };
        LinkedRunReport: {
            id: components["schemas"]["RunId"];
            workflow: components["schemas"]["WorkflowRef"];
            created_at: components["schemas"]["Timestamp"];
            input_excerpt: string;
            retry_of?: components["schemas"]["RunId"];
            status: components["schemas"]["RunStatus"];
            last_seq: number;
            started_at?: components["schemas"]["Timestamp"];
            queued_ms?: number;
            ended_at?: components["schemas"]["Timestamp"];
            duration_ms?: number;
            wake_at?: components["schemas"]["Timestamp"];
            awaiting_answers?: number;
            updated_at: components["schemas"]["Timestamp"];
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            spans?: components["schemas"]["Span"][];
            input: unknown;
            metadata?: unknown;
            origin?: components["schemas"]["RunOrigin"];
            output?: unknown;
            error?: components["schemas"]["Problem"];
            on_failure_error?: components["schemas"]["Problem"];
            budget?: components["schemas"]["BudgetReport"];
            blocked?: components["schemas"]["Problem"];
            waits?: components["schemas"]["WaitReport"][];
            waits_omitted?: boolean;
            outages?: components["schemas"]["Outage"][];
            steps: components["schemas"]["StepReport"][];
            steps_omitted?: boolean;
            links: components["schemas"]["Links"];
        };
        Links: {
            self: string;
            events: string;
            cancel: string;
            retry: string;
            workflow: string;
        };
        "LoopNode.data": {
            /** @example index >= 2 */
            until: string;
            /**
             * Format: uint
             * @example 3
             */
            max: number;
            /** @enum {string} */
            on_max?: "continue" | "fail";
            nodes: components["schemas"]["Node"][];
            output?: unknown;
        };
        "MapNode.data": {
            over: string;
            /** @default item */
            as: string;
            /**
             * Format: uint
             * @default 4
             */
            concurrency: number;
            /** @enum {string} */
            on_item_error?: "fail" | "null";
            nodes: components["schemas"]["Node"][];
        };
        Node: {
            id: components["schemas"]["NodeId"];
            type: components["schemas"]["NodeTypeName"];
            data?: {
                [key: string]: unknown;
            };
            name?: string;
            needs?: components["schemas"]["NodeId"][];
            when?: string;
            case?: string;
            stop_when?: string;
            retry?: components["schemas"]["Retry"];
            timeout?: components["schemas"]["Duration"];
            on_error?: components["schemas"]["OnError"];
            on_ambiguous?: components["schemas"]["OnAmbiguous"];
        } & (unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown & unknown);
        NodeId: string;
        NodeOutline: {
            id: components["schemas"]["NodeId"];
            type: string;
            name?: string;
            needs: components["schemas"]["NodeId"][];
            case?: string;
            stops?: boolean;
            workflow?: string;
            nodes?: components["schemas"]["NodeOutline"][];
        };
        NodeType: {
            type: string;
            activity: string;
            display: components["schemas"]["DisplayHints"];
            models?: string[];
            schema: Record<string, never>;
        };
        /** @enum {string} */
        NodeTypeName: "AgentNode" | "DelayNode" | "HttpNode" | "HumanNode" | "LLMNode" | "LoopNode" | "MapNode" | "PromptNode" | "SwitchNode" | "TransformNode" | "WorkflowNode";
        NodeTypes: {
            items: components["schemas"]["NodeType"][];
            limits: components["schemas"]["Limits"];
            simulated: boolean;
            instance?: string;
            instances?: number;
        };
        /** @enum {string} */
        OnAmbiguous: "retry" | "fail";
        OnError: components["schemas"]["OnErrorWord"] | components["schemas"]["OnErrorOutput"];
        OnErrorOutput: {
            output: unknown;
        };
        /** @enum {string} */
        OnErrorWord: "fail" | "continue";
        Outage: {
            since: components["schemas"]["Timestamp"];
            until: components["schemas"]["Timestamp"];
        };
        PatchOperation: {
            /** @constant */
            op: "add";
            path: string;
            value: unknown;
        } | {
            /** @constant */
            op: "remove";
            path: string;
        } | {
            /** @constant */
            op: "replace";
            path: string;
            value: unknown;
        };
        PinnedWorkflow: {
            workflow: string;
            workflow_id?: components["schemas"]["WorkflowId"];
            version?: number;
            spec_hash: string;
            nodes: components["schemas"]["NodeOutline"][];
            budget?: components["schemas"]["Budget"];
        };
        PredictedCost: {
            min: components["schemas"]["Usd"];
            likely: components["schemas"]["Cost"] | null;
            max: components["schemas"]["Usd"] | null;
            unbounded?: string[];
        };
        /** @enum {string} */
        PredictedStatus: "reused" | "overridden" | "computed" | "runs" | "held" | "asks" | "skipped" | "fails" | "unknown";
        PredictedStep: {
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            type: string;
            status: components["schemas"]["PredictedStatus"];
            effects?: components["schemas"]["Effects"];
            request?: unknown;
            bound?: components["schemas"]["Amount"];
            likely?: components["schemas"]["Cost"];
            reused_from?: components["schemas"]["ReusedFrom"];
            reason?: string;
        };
        Prediction: {
            steps: components["schemas"]["PredictedStep"][];
            steps_omitted?: boolean;
            counts: {
                [key: string]: number;
            };
            cost: components["schemas"]["PredictedCost"];
            continues?: components["schemas"]["Continued"];
        };
        Probe: {
            status: string;
            warnings?: string[];
        };
        Problem: {
            /** @default  */
            type: string;
            title: string;
            code: string;
            detail: string;
            hint?: string;
            retry_after_ms?: number;
            errors?: components["schemas"]["Fault"][];
        };
        Progress: {
            items_done: number;
            items: number;
            item?: number;
        } | {
            round: number;
        } | {
            turn: number;
            max_turns: number;
        };
        "PromptNode.data": {
            /** @example Notes on this: {{ input }} */
            template: string;
        };
        QueueReport: {
            queue: string;
            position: number;
            since: components["schemas"]["Timestamp"];
        };
        Retry: number | components["schemas"]["RetryPolicy"];
        RetryPolicy: {
            /** Format: uint32 */
            max_attempts: number;
            delay?: components["schemas"]["Duration"];
            /** Format: double */
            factor?: number;
            max_delay?: components["schemas"]["Duration"];
            jitter?: boolean;
        };
        RetryRequest: {
            from?: components["schemas"]["NodeId"] | null;
            input?: unknown;
            version?: number | null;
            spec?: unknown;
            reuse?: components["schemas"]["Reuse"] | null;
            /** @default {} */
            overrides: {
                [key: string]: unknown;
            };
            only?: components["schemas"]["StepPath"] | null;
            budget?: components["schemas"]["Budget"] | null;
        };
        /** @enum {string} */
        Reuse: "unchanged";
        ReusedFrom: {
            run: components["schemas"]["RunId"];
            path: components["schemas"]["StepPath"];
            entry: number;
            key: components["schemas"]["StepKey"];
            saved_usage?: components["schemas"]["Usage"];
            saved_cost?: components["schemas"]["Cost"];
        };
        RunCounts: {
            queued: number;
            running: number;
            waiting: number;
            completed: number;
            failed: number;
            cancelled: number;
            at_least?: boolean;
        };
        RunDiff: {
            a: components["schemas"]["RunSide"];
            b: components["schemas"]["RunSide"];
            input: components["schemas"]["ValueDiff"];
            output?: components["schemas"]["ValueDiff"];
            counts: components["schemas"]["DiffCounts"];
            steps: components["schemas"]["StepDiff"][];
            steps_omitted?: number;
        };
        RunId: string;
        RunOrigin: {
            continues?: components["schemas"]["Continued"];
            reused: number;
            from?: components["schemas"]["NodeId"];
            only?: components["schemas"]["StepPath"];
            overrides?: components["schemas"]["StepPath"][];
            unreached?: components["schemas"]["StepPath"][];
        };
        RunPage: {
            items: components["schemas"]["RunRecord"][];
            next_cursor: string | null;
            counts: components["schemas"]["RunCounts"];
        };
        RunRecord: {
            id: components["schemas"]["RunId"];
            workflow: components["schemas"]["WorkflowRef"];
            created_at: components["schemas"]["Timestamp"];
            input_excerpt: string;
            retry_of?: components["schemas"]["RunId"];
            status: components["schemas"]["RunStatus"];
            last_seq: number;
            started_at?: components["schemas"]["Timestamp"];
            queued_ms?: number;
            ended_at?: components["schemas"]["Timestamp"];
            duration_ms?: number;
            wake_at?: components["schemas"]["Timestamp"];
            awaiting_answers?: number;
            updated_at: components["schemas"]["Timestamp"];
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            spans?: components["schemas"]["Span"][];
        };
        RunRequest: {
            input: unknown;
            version?: number | null;
            metadata?: unknown;
            budget?: components["schemas"]["Budget"] | null;
        };
        RunSide: {
            run: components["schemas"]["RunRecord"];
            cost?: components["schemas"]["Cost"];
            error?: components["schemas"]["Problem"];
        };
        /** @enum {string} */
        RunStatus: "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled";
        /** @enum {string} */
        SkipReason: "needs_skipped" | "when_false" | "not_selected" | "case_not_chosen";
        Span: {
            state: components["schemas"]["SpanState"];
            from_ms: number;
            to_ms: number;
        };
        /** @enum {string} */
        SpanState: "queued" | "running" | "retrying" | "waiting";
        /** @enum {string} */
        StartReason: "recovered";
        StartedPlan: {
            key?: components["schemas"]["StepKey"];
            reserved?: components["schemas"]["Amount"];
        };
        StepDiff: {
            path: components["schemas"]["StepPath"];
            moved_from?: components["schemas"]["StepPath"];
            type: string;
            change: components["schemas"]["Change"];
            a?: components["schemas"]["StepSide"];
            b?: components["schemas"]["StepSide"];
            output?: components["schemas"]["ValueDiff"];
        };
        StepEvent: components["schemas"]["run.created"] | components["schemas"]["run.started"] | components["schemas"]["node.started"] | components["schemas"]["node.queued"] | components["schemas"]["node.admitted"] | components["schemas"]["node.progress"] | components["schemas"]["node.retrying"] | components["schemas"]["node.waiting"] | components["schemas"]["node.resumed"] | components["schemas"]["node.completed"] | components["schemas"]["node.failed"] | components["schemas"]["node.skipped"] | components["schemas"]["node.cancelled"] | components["schemas"]["run.suspended"] | components["schemas"]["run.resumed"] | components["schemas"]["run.completed"] | components["schemas"]["run.failing"] | components["schemas"]["run.failed"] | components["schemas"]["run.cancelled"];
        StepFrame: {
            timestamp: components["schemas"]["Timestamp"];
            nodeId: components["schemas"]["StepPath"];
            status: components["schemas"]["FrameStatus"];
            message: string;
            output: string | null;
            error: string | null;
        };
        StepHistory: {
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            type: string;
            status: components["schemas"]["StepStatus"];
            attempt: number;
            started_at?: components["schemas"]["Timestamp"];
            duration_ms?: number;
            output?: unknown;
            output_omitted?: boolean;
            error?: components["schemas"]["Problem"];
            queued?: components["schemas"]["QueueReport"];
            progress?: components["schemas"]["Progress"];
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            debug?: unknown;
            state?: unknown;
            request?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
            wait?: components["schemas"]["WaitReport"];
            attempts: components["schemas"]["AttemptReport"][];
        };
        StepKey: string;
        StepPath: string;
        StepReport: {
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            type: string;
            status: components["schemas"]["StepStatus"];
            attempt: number;
            started_at?: components["schemas"]["Timestamp"];
            duration_ms?: number;
            output?: unknown;
            output_omitted?: boolean;
            error?: components["schemas"]["Problem"];
            queued?: components["schemas"]["QueueReport"];
            progress?: components["schemas"]["Progress"];
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            debug?: unknown;
            state?: unknown;
            request?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        StepSide: {
            status: components["schemas"]["StepStatus"];
            attempts: number;
            duration_ms?: number;
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            model?: string;
            error?: string;
            reused?: boolean;
            overridden?: boolean;
        };
        /** @enum {string} */
        StepStatus: "pending" | "running" | "queued" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";
        "SwitchNode.data": {
            /**
             * @example [
             *       {
             *         "name": "refund",
             *         "when": "input.kind == 'refund'"
             *       }
             *     ]
             */
            cases: {
                name: string;
                when: string;
            }[];
            /** @default null */
            default: string | null;
        };
        TakenOutput: {
            output: unknown;
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            debug?: unknown;
            state?: unknown;
            request?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        TakenStep: {
            path: components["schemas"]["StepPath"];
        } & (components["schemas"]["TakenOutput"] | {
            /** @constant */
            status: "failed";
            error: components["schemas"]["Problem"];
            output?: unknown;
        } | {
            /** @constant */
            status: "skipped";
            reason: components["schemas"]["SkipReason"];
        });
        /** @enum {string} */
        TextKind: "text" | "thought";
        Timestamp: string;
        "TransformNode.data": {
            /**
             * @example {
             *       "text": "{{ input }}"
             *     }
             */
            value: unknown;
        };
        Update: components["schemas"]["run.created"] | components["schemas"]["run.started"] | components["schemas"]["node.started"] | components["schemas"]["node.queued"] | components["schemas"]["node.admitted"] | components["schemas"]["node.progress"] | components["schemas"]["node.retrying"] | components["schemas"]["node.waiting"] | components["schemas"]["node.resumed"] | components["schemas"]["node.completed"] | components["schemas"]["node.failed"] | components["schemas"]["node.skipped"] | components["schemas"]["node.cancelled"] | components["schemas"]["run.suspended"] | components["schemas"]["run.resumed"] | components["schemas"]["run.completed"] | components["schemas"]["run.failing"] | components["schemas"]["run.failed"] | components["schemas"]["run.cancelled"] | components["schemas"]["node.delta"];
        Usage: {
            /** @default 0 */
            input_tokens: number;
            /** @default 0 */
            output_tokens: number;
            thought_tokens?: number;
            cached_tokens?: number;
        };
        Usd: number;
        ValueDiff: {
            change: components["schemas"]["Change"];
            patch?: components["schemas"]["PatchOperation"][];
            patch_omitted?: boolean;
        };
        WaitId: string;
        /** @enum {string} */
        WaitKind: "effect" | "budget" | "approval";
        WaitReport: {
            wait_id: components["schemas"]["WaitId"];
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            kind?: components["schemas"]["WaitKind"];
            request?: unknown;
            call?: components["schemas"]["WaitingCall"];
            message: string;
            message_truncated?: boolean;
            schema?: unknown;
            expires_at?: components["schemas"]["Timestamp"];
            since: components["schemas"]["Timestamp"];
        };
        WaitingCall: {
            tool: string;
            args: unknown;
            input: unknown;
        };
        /** @enum {string} */
        WhenExceeded: "fail" | "ask";
        /** Workflow */
        Workflow: {
            $schema?: string;
            /**
             * Format: uint8
             * @constant
             */
            version?: 1;
            name?: string;
            description?: string;
            input?: {
                [key: string]: unknown;
            };
            output?: unknown;
            timeout?: components["schemas"]["Duration"];
            budget?: components["schemas"]["Budget"];
            defaults?: components["schemas"]["Defaults"];
            on_failure?: components["schemas"]["Node"][];
            on_failure_timeout?: components["schemas"]["Duration"];
            nodes: components["schemas"]["Node"][];
        };
        WorkflowId: string;
        WorkflowItem: {
            id: components["schemas"]["WorkflowId"];
            name: string | null;
            version: number;
            created_at: components["schemas"]["Timestamp"];
        };
        WorkflowItemPage: {
            items: components["schemas"]["WorkflowItem"][];
            next_cursor: string | null;
        };
        "WorkflowNode.data": {
            workflow: string;
            input?: unknown;
        };
        WorkflowRecord: {
            id: components["schemas"]["WorkflowId"];
            name: string | null;
            version: number;
            created_at: components["schemas"]["Timestamp"];
            spec: unknown;
        };
        WorkflowRef: {
            id: components["schemas"]["WorkflowId"];
            name: string | null;
            version: number;
        };
        "node.admitted": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.admitted";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            queued_ms: number;
        };
        "node.cancelled": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.cancelled";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            reason: string;
        };
        "node.completed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.completed";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            output: unknown;
            duration_ms: number;
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            state?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        "node.delta": {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.delta";
            run_id: components["schemas"]["RunId"];
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            kind: components["schemas"]["TextKind"];
            delta: string;
            offset: number;
        };
        "node.failed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.failed";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            error: components["schemas"]["Problem"];
            handled: boolean;
            output?: unknown;
            duration_ms: number;
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            state?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        "node.progress": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            items_done: number;
            items: number;
            item?: number;
        } | {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            round: number;
        } | {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /** @constant */
            type: "node.progress";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            turn: number;
            max_turns: number;
        };
        "node.queued": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.queued";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            queue: string;
            position: number;
        };
        "node.resumed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.resumed";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            wait_id: components["schemas"]["WaitId"];
            payload?: unknown;
        };
        "node.retrying": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.retrying";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            max_attempts: number;
            next_in_ms: number;
            error: components["schemas"]["Problem"];
            waits_for?: string;
            usage?: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            calls?: number;
            usage_final?: boolean;
            booked?: components["schemas"]["Amount"];
            bound_exceeded?: boolean;
            model?: string;
            finish_reason?: string;
            truncated?: boolean;
            metadata?: unknown;
            state?: unknown;
            queued_ms?: number;
            first_delta_ms?: number;
            rounds?: number;
            turns?: number;
            exhausted?: boolean;
            overridden?: boolean;
            reused_from?: components["schemas"]["ReusedFrom"];
            reused?: boolean;
        };
        "node.skipped": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.skipped";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            reason: components["schemas"]["SkipReason"];
        };
        "node.started": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.started";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            attempt: number;
            max_attempts: number;
            reason?: components["schemas"]["StartReason"];
            deadline?: components["schemas"]["Timestamp"];
            plan?: components["schemas"]["StartedPlan"];
        };
        "node.waiting": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "node.waiting";
            node: components["schemas"]["NodeId"];
            path: components["schemas"]["StepPath"];
            wait_id: components["schemas"]["WaitId"];
            kind?: components["schemas"]["WaitKind"];
            request?: unknown;
            budget_of?: components["schemas"]["StepPath"];
            call?: components["schemas"]["WaitingCall"];
            key?: components["schemas"]["StepKey"];
            message?: string;
            schema?: unknown;
            expires_at?: components["schemas"]["Timestamp"];
            resumes_at?: components["schemas"]["Timestamp"];
        };
        "run.cancelled": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.cancelled";
            reason: string;
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            duration_ms: number;
        };
        "run.completed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.completed";
            output: unknown;
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            duration_ms: number;
        };
        "run.created": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.created";
            workflow_id?: components["schemas"]["WorkflowId"];
            version?: number;
            spec_hash: string;
            input: unknown;
            metadata?: unknown;
            url?: string;
            nodes: components["schemas"]["NodeOutline"][];
            on_failure?: components["schemas"]["NodeOutline"][];
            retry_of?: components["schemas"]["RunId"];
            continues?: components["schemas"]["Continued"];
            from?: components["schemas"]["NodeId"];
            overrides?: {
                [key: string]: unknown;
            };
            only?: components["schemas"]["StepPath"];
            taken?: components["schemas"]["TakenStep"][];
            budget?: components["schemas"]["Budget"];
            workflow_budget?: components["schemas"]["Budget"];
            /** @default 1 */
            log_format: number;
            workflows?: components["schemas"]["PinnedWorkflow"][];
        };
        "run.failed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.failed";
            error: components["schemas"]["Problem"];
            node?: components["schemas"]["NodeId"];
            path?: components["schemas"]["StepPath"];
            usage: components["schemas"]["Usage"];
            cost?: components["schemas"]["Cost"];
            duration_ms: number;
            on_failure_error?: components["schemas"]["Problem"];
        };
        "run.failing": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.failing";
            error: components["schemas"]["Problem"];
            node?: components["schemas"]["NodeId"];
            path?: components["schemas"]["StepPath"];
            deadline: components["schemas"]["Timestamp"];
        };
        "run.resumed": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.resumed";
            reason: string;
        };
        "run.started": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.started";
            deadline?: components["schemas"]["Timestamp"];
        };
        "run.suspended": {
            seq: number;
            run_id: components["schemas"]["RunId"];
            time: components["schemas"]["Timestamp"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "run.suspended";
            reason: string;
            wake_at?: components["schemas"]["Timestamp"];
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
